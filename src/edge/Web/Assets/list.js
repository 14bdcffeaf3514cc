// The list of campaigns: what is open, what is coming, what is over.
import { ended, stateOf } from './campaign.js';
import { Problem, call } from './api.js';
import { byId, el, show, trouble } from './dom.js';
import * as format from './format.js';
import { localized, text } from './language.js';
import { spread } from './retry.js';
import * as session from './session.js';

const groups = [['list.open', ['open', 'paused']], ['list.coming', ['scheduled', 'draft']], ['list.past', ['closed']]];
const pageSize = 50;
const pagesMax = 20;
const refreshMs = 60_000;
const retryMs = 3_000;

export class CampaignList {
  constructor(container) {
    this.container = container;
    this.campaigns = [];
    this.pages = 1;
    this.isLoaded = false;
    this.failures = 0;
    byId('more').addEventListener('click', () => { this.pages = Math.min(this.pages + 1, pagesMax); this.#load(); });
  }

  open() {
    this.isOpen = true;
    this.#forgetOthers();
    this.render();
    this.#load();
  }

  close() {
    this.isOpen = false;
    clearTimeout(this.timer);
  }

  sessionChanged() {
    this.#forgetOthers();
    this.render();
    this.#load();
  }

  /** The network is back. */
  refresh() { this.#load(); }

  // What the clock moves on is put in its place, nothing is asked for.
  tick() { if (this.campaigns.some((campaign) => this.states.get(campaign.id) !== stateOf(campaign))) { this.render(); } }

  render() {
    this.states = new Map(this.campaigns.map((campaign) => [campaign.id, stateOf(campaign)]));
    show(byId('list-empty'), this.campaigns.length > 0 ? '' : text(this.isLoaded ? 'list.empty' : 'list.loading'));
    const focused = document.activeElement?.closest?.('#list a')?.pathname;
    byId('list').replaceChildren(...groups.flatMap(([heading, states]) => {
      const campaigns = this.campaigns.filter((campaign) => states.includes(this.states.get(campaign.id)));
      const opensAt = (campaign) => Date.parse(campaign.opensAt);
      campaigns.sort((one, other) => (heading === 'list.coming' ? opensAt(one) - opensAt(other) : opensAt(other) - opensAt(one)));
      return campaigns.length === 0 ? [] : [el('h2', {}, text(heading)), el('ul', { class: 'list' }, campaigns.map((campaign) => this.#card(campaign)))];
    }));
    if (focused) { document.querySelector(`#list a[href="${CSS.escape(focused)}"]`)?.focus(); }
  }

  // An operator's drafts and rehearsals go with the operator, and not only when the next answer comes.
  #forgetOthers() {
    if (this.asker !== session.email()) { this.campaigns = this.campaigns.filter((campaign) => campaign.state !== 'draft' && !campaign.rehearsal); }
  }

  async #load() {
    clearTimeout(this.timer);
    const asker = session.email();
    try {
      const found = new Map();
      let next = null;
      for (let page = 0; page < this.pages; page++) {
        const answer = await call('GET', `/api/campaigns?limit=${pageSize}${next ? `&after=${encodeURIComponent(next)}` : ''}`, { signedIn: session.isSignedIn() });
        for (const campaign of answer.items) { found.set(campaign.id, campaign); }
        next = answer.next;
        if (!next) { break; }
      }
      if (asker !== session.email()) { return; } // An operator's drafts are not the next one's; for whom it is asked already.
      this.campaigns = [...found.values()];
      this.asker = asker;
      this.isLoaded = true;
      this.failures = 0;
      byId('more').hidden = !next || this.pages === pagesMax;
      if (this.isOpen) { trouble(); this.render(); }
    } catch (problem) {
      if (!(problem instanceof Problem)) { throw problem; }
      this.failures++;
      if (this.isOpen) { trouble(() => text('page.offline')); }
    }
    clearTimeout(this.timer);
    const wait = this.failures === 0 ? refreshMs : Math.min(retryMs * 2 ** (this.failures - 1), refreshMs);
    if (this.isOpen) { this.timer = setTimeout(() => this.#load(), spread(wait)); }
  }

  #card(campaign) {
    const state = stateOf(campaign);
    const when = state === 'scheduled' ? text('when.opens', { time: format.time(Date.parse(campaign.opensAt)) })
      : state === 'open' || state === 'paused' ? text('when.closes', { time: format.time(Date.parse(campaign.closesAt)) })
      : state === 'draft' ? text('face.draft') : ended(campaign);
    return el('li', {}, el('a', { class: 'card', href: `/campaigns/${campaign.id}` },
      el('span', { class: `badge ${state}` }, text(`state.${state}`)),
      el('span', { class: 'card-name' }, localized(campaign.name)),
      el('span', { class: 'card-benefit' }, format.benefit(campaign.benefit)),
      when && el('span', { class: 'soft' }, when)));
  }
}
