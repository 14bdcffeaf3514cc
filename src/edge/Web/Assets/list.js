// The list of campaigns: what is open first, then what opens next, then the rest.
import { stateOf } from './campaign.js';
import { call } from './api.js';
import { byId, el, show } from './dom.js';
import * as format from './format.js';
import { localized, text } from './language.js';

const rank = { open: 0, scheduled: 1, paused: 2, closed: 3, archived: 4, draft: 5 };
const pageSize = 50;
const pagesMax = 20;

export class CampaignList {
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.campaigns = new Map();
    this.pages = 1;
    this.chosen = null;
    this.isLoaded = false;
    byId('more').addEventListener('click', () => { this.pages = Math.min(this.pages + 1, pagesMax); this.load(); });
  }

  get sorted() {
    const opensAt = (campaign) => Date.parse(campaign.opensAt);
    return [...this.campaigns.values()].sort((one, other) => {
      const [first, second] = [stateOf(one), stateOf(other)];
      return rank[first] - rank[second] || (first === 'scheduled' ? opensAt(one) - opensAt(other) : opensAt(other) - opensAt(one));
    });
  }

  /** Reads as many pages as are shown. */
  async load() {
    const found = new Map();
    let next = null;
    for (let page = 0; page < this.pages; page++) {
      const answer = await call('GET', `/api/campaigns?limit=${pageSize}${next ? `&after=${encodeURIComponent(next)}` : ''}`, { signedIn: true });
      for (const campaign of answer.items) { found.set(campaign.id, campaign); }
      next = answer.next;
      if (!next) { break; }
    }
    this.campaigns = found;
    this.isLoaded = true;
    byId('more').hidden = !next || this.pages === pagesMax;
    this.render();
  }

  render() {
    const campaigns = this.sorted;
    show(byId('list-empty'), campaigns.length > 0 ? '' : text(this.isLoaded ? 'list.empty' : 'list.loading'));
    const focused = document.activeElement?.closest?.('#list button')?.dataset.id;
    byId('list').replaceChildren(...campaigns.map((campaign) => this.#card(campaign)));
    if (focused) { document.querySelector(`#list button[data-id="${CSS.escape(focused)}"]`)?.focus(); }
  }

  #card(campaign) {
    const state = stateOf(campaign);
    const when = state === 'scheduled' ? text('when.opens', { time: format.time(Date.parse(campaign.opensAt)) })
      : state === 'open' || state === 'paused' ? text('when.closes', { time: format.time(Date.parse(campaign.closesAt)) }) : '';
    return el('li', {}, el('button', { type: 'button', class: 'card', 'data-id': campaign.id, 'aria-current': campaign.id === this.chosen ? 'true' : null, click: () => this.onChoose(campaign.id) },
      el('span', { class: `badge ${state}` }, text(`state.${state}`)),
      el('span', { class: 'card-name' }, localized(campaign.name)),
      el('span', { class: 'card-benefit' }, format.benefit(campaign.benefit)),
      when && el('span', { class: 'soft' }, when)));
  }
}
