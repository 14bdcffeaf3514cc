// One's own coupons, with a QR code of each that can be used, and one's profile.
import * as account from './account.js';
import { Problem, call } from './api.js';
import { announce, byId, el, show } from './dom.js';
import * as format from './format.js';
import { choose, explain, language, text } from './language.js';
import { encode } from './qr.js';
import * as session from './session.js';

const quiet = 4; // Modules around the code that stay light.

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
    this.#clear();
  }

  open() {
    this.isOpen = true;
    this.render();
    this.#load();
  }

  close() {
    this.isOpen = false;
    this.#clear();
  }

  sessionChanged() {
    this.#clear();
    this.open();
  }

  render() {
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
      this.user ? this.#profile() : '');
  }

  #clear() {
    this.coupons = null;
    this.next = null;
    this.user = null;
  }

  async #load() {
    if (!session.isSignedIn()) { return; }
    await this.#try(async () => {
      const [coupons, user] = await Promise.all([call('GET', '/api/coupons/me', { signedIn: true }), call('GET', '/api/users/me', { signedIn: true, withTag: true })]);
      if (!this.isOpen || !session.isSignedIn()) { return; }
      [this.coupons, this.next] = [coupons.items, coupons.next];
      [this.user, this.tag] = [user.value, user.tag];
      this.render();
    });
  }

  #more() {
    return this.#try(async () => {
      const page = await call('GET', `/api/coupons/me?after=${encodeURIComponent(this.next)}`, { signedIn: true });
      if (!this.coupons) { return; }
      this.coupons = [...this.coupons, ...page.items];
      this.next = page.next;
      this.render();
    });
  }

  #coupon(coupon) {
    const isUsable = coupon.state === 'issued';
    const limits = format.benefitLimits(coupon.benefit);
    return el('li', { class: `coupon ${coupon.state}` },
      el('p', { class: 'state-line' }, el('span', { class: `badge ${isUsable ? 'open' : ''}` }, text(`coupon.${coupon.state}`))),
      el('p', { class: 'card-benefit' }, format.benefit(coupon.benefit), limits && el('small', { class: 'soft' }, ' ', limits)),
      el('p', { class: 'soft' }, coupon.usedAt ? text('coupon.usedAt', { time: format.time(Date.parse(coupon.usedAt)) }) : text('coupon.until', { time: format.time(Date.parse(coupon.expiresAt)) })),
      isUsable && picture(coupon.code),
      el('p', { class: 'code' }, el('code', {}, coupon.code)),
      el('a', { href: `/campaigns/${coupon.campaignId}` }, text('wallet.campaign')));
  }

  #profile() {
    const name = el('input', { id: 'profile-name', maxlength: '50', autocomplete: 'nickname', value: this.user.displayName, required: true });
    const locale = el('select', { id: 'profile-locale' }, [['ko', '한국어'], ['en', 'English']].map(([value, label]) => el('option', { value, lang: value, selected: this.user.locale === value }, label)));
    return el('form', { class: 'profile', submit: (event) => { event.preventDefault(); this.#save(name.value.trim(), locale.value); } },
      el('h2', {}, text('profile.heading')),
      el('p', { class: 'soft' }, this.user.email),
      el('div', { class: 'field' }, el('label', { for: 'profile-name' }, text('account.displayName')), name),
      el('div', { class: 'field' }, el('label', { for: 'profile-locale' }, text('page.language')), locale),
      el('button', { type: 'submit', class: 'quiet' }, text('profile.save')));
  }

  #save(displayName, locale) {
    if (!displayName) { return null; }
    return this.#try(async () => {
      const { value, tag } = await call('PATCH', '/api/users/me', { body: { json: { displayName, locale }, ifMatch: this.tag }, signedIn: true, withTag: true });
      [this.user, this.tag] = [value, tag];
      if (locale !== language()) { choose(locale); }
      this.render();
      announce(text('profile.saved'));
    });
  }

  async #try(work) {
    try {
      await work();
      show(byId('trouble'), '');
    } catch (problem) {
      if (!(problem instanceof Problem)) { throw problem; }
      const { title, meaning } = explain(problem);
      show(byId('trouble'), problem.status === 0 ? text('page.offline') : `${title}. ${meaning}`);
    }
  }
}
