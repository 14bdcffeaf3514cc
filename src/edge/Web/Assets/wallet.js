// One's own coupons, with a QR code of each that can be used, and one's profile.
import * as account from './account.js';
import { Problem, call, sleep } from './api.js';
import { byId, el, entitle, notify, trouble } from './dom.js';
import * as format from './format.js';
import { choose, language, localized, sentence, text } from './language.js';
import { profile, written } from './profile.js';
import { encode } from './qr.js';
import { spread } from './retry.js';
import * as session from './session.js';

const quiet = 4; // Modules around the code that stay light.
const retryMs = 3_000;
const retryMaxMs = 60_000;
const namesPage = 200;
const namesMax = 1_000; // Campaigns whose names are kept.
const askedMax = 20; // Campaigns that are asked for one by one.
const pagesMax = 4; // Pages of coupons that are asked for again.
const againMs = 5_000; // Whoever goes back and forth between tabs asks no more often.

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
    // What was shown at the till is used by the time the member looks here again.
    document.addEventListener('visibilitychange', () => { if (!document.hidden && this.coupons !== null && performance.now() - this.askedAt > againMs) { this.#again(); } });
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
  refresh() { if (this.coupons === null) { this.sessionChanged(); } else { this.#again(); } }

  render() {
    entitle(text('wallet.heading'));
    if (!session.isSignedIn()) {
      this.container.replaceChildren(el('h1', {}, text('wallet.heading')), el('p', {}, text('wallet.signIn')),
        el('button', { type: 'button', class: 'main-action', click: () => account.askToSignIn() }, text('account.signIn')));
      return;
    }
    const putBack = written(this.container);
    this.cards = el('div');
    this.button = el('button', { type: 'button', class: 'quiet', id: 'wallet-more', click: () => this.#more() }, text('list.more'));
    this.shown = null;
    this.container.replaceChildren(
      el('h1', {}, text('wallet.heading')),
      el('p', { class: 'soft' }, text('wallet.how')),
      el('div', { class: 'coupons' }, this.cards, this.button),
      this.user ? profile(this.user, { onChange: (...change) => this.#do(...change) }) : '');
    this.#showCoupons();
    putBack();
  }

  // The cards alone: beside them somebody may be writing.
  #showCoupons() {
    this.button.hidden = !this.next;
    const shown = JSON.stringify(this.coupons);
    if (shown === this.shown) { return; }
    this.shown = shown;
    const focused = this.cards.contains(document.activeElement) ? document.activeElement.pathname : null;
    this.cards.replaceChildren(this.coupons === null ? el('p', { class: 'soft' }, text('list.loading'))
      : this.coupons.length === 0 ? el('p', { class: 'soft' }, text('wallet.empty'))
      : el('ul', { class: 'list' }, this.coupons.map((coupon) => this.#coupon(coupon))));
    if (focused) { this.cards.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus(); }
  }

  #clear() {
    this.coupons = null;
    this.next = null;
    this.user = null;
    this.isAsking = false;
    this.doing = null;
    this.pages = 1;
    this.askedAt = -againMs;
  }

  async #load(signal) {
    if (!session.isSignedIn()) { return; }
    await this.#untilAnswered(signal, async () => {
      const [coupons, user] = await Promise.all([this.#get('/api/coupons/me', signal), this.#getUser(signal)]);
      if (signal.aborted) { return; }
      [this.coupons, this.next] = [coupons.items, coupons.next];
      [this.user, this.tag] = [user.value, user.tag];
      this.render();
    });
  }

  // Those that are shown, as far as a few questions go; what lies behind them stays as it was.
  async #again() {
    const { signal } = this.visit;
    await this.#untilAnswered(signal, async () => {
      const found = new Map();
      const pages = Math.min(this.pages, pagesMax);
      let next = null;
      for (let page = 0; page < pages; page++) {
        const answer = await this.#get(`/api/coupons/me${next ? `?after=${encodeURIComponent(next)}` : ''}`, signal);
        for (const coupon of answer.items) { found.set(coupon.code, coupon); }
        next = answer.next;
        if (!next) { break; }
      }
      if (signal.aborted) { return; }
      this.coupons = [...found.values(), ...this.coupons.filter((coupon) => !found.has(coupon.code))];
      if (pages === this.pages) { this.next = next; }
      this.#showCoupons();
    });
  }

  // Until it is there: the page says that it tries again, so it does. One question at a time.
  async #untilAnswered(signal, work) {
    if (this.isAsking) { return; }
    this.isAsking = true;
    for (let failures = 0; ; failures++) {
      this.askedAt = performance.now();
      const problem = await this.#try(signal, work);
      if (signal.aborted) { return; } // The next visit has its own.
      if (!problem?.isPassing) { break; }
      trouble(() => text('page.offline'));
      try {
        await sleep(spread(Math.min(Math.max((problem.retryAfter ?? 0) * 1_000, retryMs * 2 ** failures), retryMaxMs)), signal);
      } catch (closed) {
        if (!signal.aborted) { throw closed; }
        return;
      }
    }
    this.isAsking = false;
    if (this.coupons !== null) { await this.#name(signal); }
  }

  async #more() {
    if (this.isAsking) { return; }
    this.isAsking = true;
    const { signal } = this.visit;
    const first = this.coupons.length;
    const problem = await this.#try(signal, async () => {
      const page = await this.#get(`/api/coupons/me?after=${encodeURIComponent(this.next)}`, signal);
      if (signal.aborted) { return; }
      const known = new Set(this.coupons.map((coupon) => coupon.code));
      this.coupons = [...this.coupons, ...page.items.filter((coupon) => !known.has(coupon.code))];
      this.next = page.next;
      this.pages++;
      this.#showCoupons();
      // Where there is no more to ask for, the focus goes on to what has come.
      if (!this.next) { this.cards.querySelectorAll('a')[first]?.focus(); }
    });
    if (signal.aborted) { return; }
    this.isAsking = false;
    if (!problem) { await this.#name(signal); }
  }

  // The coupons are there without the names of their campaigns, which come after them; where they do not, the cards do without.
  async #name(signal) {
    const unnamed = () => [...new Set(this.coupons?.map((coupon) => coupon.campaignId))].filter((id) => !this.names.has(id));
    if (unnamed().length > 1) { await this.#keepFrom(signal, `/api/campaigns?limit=${namesPage}`, (answer) => answer.items); }
    for (const id of unnamed().slice(0, askedMax)) { await this.#keepFrom(signal, `/api/campaigns/${id}`, (answer) => [answer]); }
  }

  // One that cannot be had takes no other's name along.
  async #keepFrom(signal, path, campaignsOf) {
    if (signal.aborted) { return; }
    try {
      this.#keep(campaignsOf(await this.#get(path, signal)));
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

  #getUser(signal) { return call('GET', '/api/users/me', { signedIn: true, withTag: true, signal }); }

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

  // What the member does with the account, one thing at a time: a second press would be refused for what the first has done. `after` is done with the answer; answers the problem, or null.
  async #do(method, path, json, after) {
    const { signal } = this.visit;
    if (this.doing === signal) { return null; }
    this.doing = signal;
    const isProfile = method === 'PATCH';
    const problem = await this.#try(signal, async () => {
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
    if (isProfile && problem?.status === 412) { await this.#readMoved(signal); }
    if (this.doing === signal) { this.doing = null; }
    // The form may be far below what the page says above it.
    if (problem && problem.status !== 400 && !signal.aborted) { byId('trouble').scrollIntoView({ block: 'nearest' }); }
    return problem;
  }

  // Another tab or an administrator was there before: what has not been written here is shown as it is now, and the member decides whether to save again.
  async #readMoved(signal) {
    const problem = await this.#try(signal, async () => {
      const user = await this.#getUser(signal);
      if (signal.aborted) { return; }
      [this.user, this.tag] = [user.value, user.tag];
      this.render();
    });
    if (!problem && !signal.aborted) { trouble(() => text('profile.moved')); }
  }

  // The problem, told already, or null.
  async #try(signal, work) {
    try {
      await work();
      if (!signal.aborted) { trouble(); }
      return null;
    } catch (problem) {
      if (signal.aborted) { return null; }
      if (!(problem instanceof Problem)) { throw problem; }
      trouble(() => (problem.status === 0 ? text('page.unreached') : sentence(problem)));
      return problem;
    }
  }
}
