// One's own coupons, with a QR code of each that can be used, and one's profile.
import * as account from './account.js';
import { Problem, call, sleep } from './api.js';
import { byId, el, entitle, notify, show } from './dom.js';
import * as format from './format.js';
import { choose, explain, language, localized, text } from './language.js';
import { profile } from './profile.js';
import { encode } from './qr.js';
import * as session from './session.js';

const quiet = 4; // Modules around the code that stay light.
const retryMs = 3_000;
const retryMaxMs = 60_000;
const namesPage = 200;
const namesMax = 1_000; // Campaigns whose names are kept.
const askedMax = 20; // Campaigns that are asked for one by one.

/** A QR code as an inline SVG; the code itself stands beside it as text. */
function picture(code) {
  const rows = encode(code);
  const size = rows.length + 2 * quiet;
  const make = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) { element.setAttribute(key, value); }
    return element;
  };
  const svg = make('svg', { viewBox: `0 0 ${size} ${size}`, class: 'qr', role: 'img', 'aria-label': text('wallet.qr', { code }), 'shape-rendering': 'crispEdges' });
  const path = rows.flatMap((row, r) => row.map((on, c) => (on ? `M${c + quiet} ${r + quiet}h1v1h-1z` : ''))).join('');
  svg.append(make('rect', { width: size, height: size, class: 'qr-light' }), make('path', { d: path, class: 'qr-dark' }));
  return svg;
}

export class Wallet {
  constructor(container) {
    this.container = container;
    this.names = new Map();
    this.#clear();
  }

  open() {
    // What is asked for here is answered here: not on a later visit, and not to somebody else who has signed in meanwhile.
    this.visit = new AbortController();
    this.render();
    this.#load(this.visit.signal);
  }

  close() {
    this.visit?.abort();
    this.#clear();
  }

  sessionChanged() {
    this.close();
    this.open();
  }

  /** The network is back; what is there already stays, with what somebody may be writing. */
  refresh() { if (this.coupons === null) { this.sessionChanged(); } }

  render() {
    entitle(text('wallet.heading'));
    if (!session.isSignedIn()) {
      this.container.replaceChildren(el('h1', {}, text('wallet.heading')), el('p', {}, text('wallet.signIn')),
        el('button', { type: 'button', class: 'main-action', click: () => account.askToSignIn() }, text('account.signIn')));
      return;
    }
    this.container.replaceChildren(
      el('h1', {}, text('wallet.heading')),
      el('p', { class: 'soft' }, text('wallet.how')),
      this.coupons === null ? el('p', { class: 'soft' }, text('list.loading'))
        : this.coupons.length === 0 ? el('p', { class: 'soft' }, text('wallet.empty'))
        : el('ul', { class: 'list' }, this.coupons.map((coupon) => this.#coupon(coupon))),
      this.next && el('button', { type: 'button', class: 'quiet', click: () => this.#more() }, text('list.more')) || '',
      this.user ? profile(this.user, { onChange: (...change) => this.#do(...change) }) : '');
  }

  #clear() {
    this.coupons = null;
    this.next = null;
    this.user = null;
  }

  // Until it is there: the page says that it tries again, so it does.
  async #load(signal) {
    if (!session.isSignedIn()) { return; }
    for (let failures = 0; this.coupons === null; failures++) {
      const problem = await this.#try(signal, async () => {
        const [coupons, user] = await Promise.all([this.#get('/api/coupons/me', signal), call('GET', '/api/users/me', { signedIn: true, withTag: true, signal })]);
        if (signal.aborted) { return; }
        [this.coupons, this.next] = [coupons.items, coupons.next];
        [this.user, this.tag] = [user.value, user.tag];
        this.render();
      });
      if (signal.aborted || (problem && !problem.isPassing)) { return; }
      if (problem) {
        show(byId('trouble'), text('page.offline'));
        try {
          await sleep(Math.min(Math.max((problem.retryAfter ?? 0) * 1_000, retryMs * 2 ** failures), retryMaxMs) * (1 + Math.random() / 2), signal);
        } catch {
          return; // Closed meanwhile.
        }
      }
    }
    await this.#name(signal);
  }

  async #more() {
    const { signal } = this.visit;
    const problem = await this.#try(signal, async () => {
      const page = await this.#get(`/api/coupons/me?after=${encodeURIComponent(this.next)}`, signal);
      if (signal.aborted) { return; }
      const known = new Set(this.coupons.map((coupon) => coupon.code));
      this.coupons = [...this.coupons, ...page.items.filter((coupon) => !known.has(coupon.code))];
      this.next = page.next;
      this.render();
    });
    if (!problem) { await this.#name(signal); }
  }

  // The coupons are there without the names of their campaigns, which come after them; where they do not, the cards do without.
  async #name(signal) {
    const unnamed = () => [...new Set(this.coupons?.map((coupon) => coupon.campaignId))].filter((id) => !this.names.has(id));
    try {
      if (unnamed().length > 1) { this.#keep((await this.#get(`/api/campaigns?limit=${namesPage}`, signal)).items); }
      for (const id of unnamed().slice(0, askedMax)) { this.#keep([await this.#get(`/api/campaigns/${id}`, signal)]); }
    } catch (problem) {
      if (!(problem instanceof Problem) && !signal.aborted) { throw problem; }
    }
  }

  #keep(campaigns) {
    if (this.names.size > namesMax) { this.names.clear(); }
    for (const campaign of campaigns) { this.names.set(campaign.id, campaign.name); }
    for (const name of this.container.querySelectorAll('[data-campaign]')) { name.textContent = this.#nameOf(name.dataset.campaign); }
  }

  #nameOf(campaignId) { return localized(this.names.get(campaignId)); }

  #get(path, signal) { return call('GET', path, { signedIn: true, signal }); }

  #coupon(coupon) {
    const isUsable = coupon.state === 'issued';
    const limits = format.benefitLimits(coupon.benefit);
    return el('li', { class: `coupon ${coupon.state}` },
      el('p', { class: 'state-line' }, el('span', { class: `badge ${isUsable ? 'open' : ''}` }, text(`coupon.${coupon.state}`))),
      el('p', { class: 'card-name', 'data-campaign': coupon.campaignId }, this.#nameOf(coupon.campaignId)),
      el('p', { class: 'card-benefit' }, format.benefit(coupon.benefit), limits && el('small', { class: 'soft' }, ' ', limits)),
      el('p', { class: 'soft' }, coupon.usedAt ? text('coupon.usedAt', { time: format.time(Date.parse(coupon.usedAt)) }) : text('coupon.until', { time: format.end(Date.parse(coupon.expiresAt)) })),
      isUsable && picture(coupon.code),
      el('p', { class: 'code' }, el('code', {}, coupon.code)),
      el('a', { href: `/campaigns/${coupon.campaignId}` }, text('wallet.campaign')));
  }

  // What the member does with the account. `after` is done with the answer; answers the problem, or null.
  async #do(method, path, json, after) {
    const { signal } = this.visit;
    return this.#try(signal, async () => {
      const isProfile = method === 'PATCH';
      const answer = await call(method, path, { body: { json, ifMatch: isProfile ? this.tag : undefined }, signedIn: true, withTag: isProfile, signal });
      if (signal.aborted) { return; }
      if (isProfile) {
        [this.user, this.tag] = [answer.value, answer.tag];
        if (this.user.locale !== language()) { choose(this.user.locale); }
        this.render();
        notify(text('profile.saved'));
      }
      await after?.();
    });
  }

  // The problem, told already, or null.
  async #try(signal, work) {
    try {
      await work();
      if (!signal.aborted) { show(byId('trouble'), ''); }
      return null;
    } catch (problem) {
      if (signal.aborted) { return null; }
      if (!(problem instanceof Problem)) { throw problem; }
      const { title, meaning } = explain(problem);
      show(byId('trouble'), problem.status === 0 ? text('page.unreached') : `${title}. ${meaning}`);
      return problem;
    }
  }
}
