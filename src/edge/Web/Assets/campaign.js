// The chosen campaign: a ticket with the benefit, what is left, the countdown, the button and one's own numbers.
import { faceOf } from './claim-machine.js';
import { now } from './clock.js';
import { el } from './dom.js';
import * as format from './format.js';
import { explain, localized, text } from './language.js';

/** The state at this moment: the clock moves a campaign on between two words of the server. What is archived is over, and no more than that to a member. */
export function stateOf(campaign) {
  if (campaign.state === 'archived') { return 'closed'; }
  if (campaign.state === 'draft' || campaign.state === 'closed') { return campaign.state; }
  const at = now();
  if (at >= Date.parse(campaign.closesAt)) { return 'closed'; }
  if (campaign.state === 'paused') { return 'paused'; }
  return at < Date.parse(campaign.opensAt) ? 'scheduled' : 'open';
}

/** When it ended, in words; nothing for one that was closed before its window ended, as that is not told. */
export function ended(campaign) {
  const closesAt = Date.parse(campaign.closesAt);
  return campaign.state === 'draft' || closesAt > now() ? '' : text('when.closed', { time: format.time(closesAt) });
}

// Faces by which the button says already why; whoever hears the page is told by the result.
const saidByButton = new Set(['soldOut', 'paused', 'closed', 'notYet']);

export class CampaignView {
  constructor(container, { onClaim, onCopy }) {
    this.container = container;
    this.onClaim = onClaim;
    this.onCopy = onCopy;
  }

  /** Builds the ticket anew: another campaign, or another language. */
  build(campaign) {
    this.badge = el('span', { class: 'badge' });
    this.countdownLabel = el('span');
    this.countdown = el('span', { class: 'countdown', role: 'timer' });
    this.window = el('dd');
    this.left = el('strong');
    this.leftLine = el('p', { class: 'left', id: 'left-label' }, el('span', {}, text('counts.remaining')), this.left);
    this.meter = el('progress', { max: campaign.quota, value: 0, 'aria-labelledby': 'left-label' });
    this.button = el('button', { type: 'button', class: 'main-action', id: 'claim', click: this.onClaim });
    this.result = el('div', { class: 'result', role: 'status', 'aria-live': 'polite' });
    this.own = el('ul', { class: 'own' });
    this.shownOwn = this.shownResult = null;
    const limits = format.benefitLimits(campaign.benefit);
    this.container.replaceChildren(el('article', { class: 'ticket' },
      el('div', { class: 'ticket-top' },
        el('p', { class: 'state-line' }, this.badge, el('span', { class: 'soft' }, this.countdownLabel, ' ', this.countdown)),
        el('h1', { id: 'campaign-name', tabindex: '-1' }, localized(campaign.name)),
        el('p', { class: 'benefit' }, format.benefit(campaign.benefit), limits && el('small', {}, limits)),
        el('p', { class: 'description' }, localized(campaign.description)),
        el('dl', { class: 'facts' },
          el('div', { class: 'long' }, el('dt', {}, text('when.window')), this.window),
          this.#fact(text('audience'), format.audience(campaign.audience), 'long'),
          this.#fact(text('perMember'), text('perMember.value', { count: format.number(campaign.perMember) })),
          this.#fact(text('validity'), format.validity(campaign.validity)))),
      el('div', { class: 'ticket-stub' },
        this.leftLine, this.meter, this.button, this.result, this.own)));
    this.container.hidden = false;
  }

  /** Writes what changes, and nothing else, so that the focus and a listener's place are kept. */
  update({ campaign, counts, claims, isSignedIn }) {
    const state = stateOf(campaign);
    this.#set(this.badge, text(`state.${state}`));
    this.badge.className = `badge ${state}`;
    this.#set(this.window, format.span(Date.parse(campaign.opensAt), Date.parse(campaign.closesAt)));
    this.#showCountdown(campaign, state);
    this.#showCounts(campaign, counts, state);
    const held = claims.held;
    const face = faceOf({
      campaignState: state, perMember: campaign.perMember, remaining: counts && Math.max(0, counts.remaining), isSignedIn, claim: claims.machine, held, isNew: claims.isNew,
    });
    this.container.dataset.face = face;
    this.#showButton(face, claims.machine);
    this.#showResult(face, claims.machine, held);
    this.#showOwn(claims.held);
  }

  #showCountdown(campaign, state) {
    const target = state === 'scheduled' ? Date.parse(campaign.opensAt) : Date.parse(campaign.closesAt);
    const counts = state === 'scheduled' || state === 'open' || state === 'paused';
    this.#set(this.countdownLabel, counts ? text(state === 'scheduled' ? 'when.opensIn' : 'when.closesIn') : ended(campaign));
    this.#set(this.countdown, counts ? format.countdown(target - now()) : '');
    this.countdown.className = `countdown ${state}`;
  }

  #showCounts(campaign, counts, state) {
    const left = counts && Math.max(0, counts.remaining);
    this.#set(this.left, counts ? text('counts.of', { left: format.number(left), quota: format.number(counts.quota) }) : text('counts.unknown'));
    this.meter.max = counts?.quota ?? campaign.quota;
    this.meter.value = left ?? 0;
    // What is left of something that is over is nobody's.
    this.leftLine.hidden = state === 'closed';
    this.meter.hidden = !counts || state === 'closed';
  }

  /** Whether a press would do nothing. */
  get isButtonOff() { return this.button?.getAttribute('aria-disabled') === 'true'; }

  #showButton(face, machine) {
    const isAgain = face === 'unsure' || face === 'notEligible' || (face === 'ready' && machine.phase === 'refused');
    this.#set(this.button, text(isAgain ? 'claim.again' : `face.${face}`));
    // Not "disabled": that would take the focus away from whoever waits on the button.
    this.button.setAttribute('aria-disabled', String(!['signIn', 'ready', 'another', 'unsure', 'notEligible'].includes(face)));
  }

  #showResult(face, { seconds, problem }, held) {
    const shown = JSON.stringify([face, seconds, problem?.slug, problem?.status, held.map((claim) => claim.state), document.documentElement.lang]);
    if (shown === this.shownResult) { return; }
    this.shownResult = shown;
    const last = held.at(-1);
    if (face === 'busy' || face === 'offline') { this.result.replaceChildren(el('p', {}, text(face === 'busy' ? 'claim.waiting' : 'claim.lost', { seconds: format.number(seconds) }))); }
    else if (problem && face !== 'sending' && face !== 'have') { this.result.replaceChildren(...this.#refusal(problem, saidByButton.has(face))); }
    else if (last || face === 'have') {
      // A claim that came to nothing, or has not come to anything yet, has no coupon to look at.
      const isThere = face === 'have' || held.some((claim) => claim.state === 'issued');
      this.result.replaceChildren(el('p', { class: last?.state }, text(`claim.${face === 'have' ? 'have' : last.state}`)), isThere ? el('p', {}, el('a', { href: '/wallet' }, text('wallet.heading'))) : '');
    }
    else { this.result.replaceChildren(); }
  }

  #refusal(problem, isSaid) {
    const { title, meaning } = explain(problem);
    const opensAt = Date.parse(problem.body.opensAt);
    const conditions = problem.body.conditions ?? [];
    return [
      el('p', { class: isSaid ? 'refusal visually-hidden' : 'refusal' }, el('strong', {}, problem.slug === 'not-eligible' ? text('claim.notEligible') : title)),
      el('p', {}, problem.isPassing ? text('claim.gaveUp') : Number.isFinite(opensAt) ? text('when.opens', { time: format.time(opensAt) }) : conditions.length > 0 ? null : meaning),
      conditions.length > 0 && el('ul', {}, conditions.map((condition) => el('li', {}, typeof condition.why === 'object' ? localized(condition.why) : condition.why ?? condition.kind))),
    ].filter(Boolean);
  }

  #showOwn(held) {
    const shown = JSON.stringify([held, document.documentElement.lang]);
    if (shown === this.shownOwn) { return; }
    this.shownOwn = shown;
    this.own.replaceChildren(...held.map((claim) => el('li', { class: `number ${claim.state}` },
      el('p', { class: 'number-head' }, el('span', {}, text('claim.number')), el('strong', {}, format.number(claim.sequence))),
      el('p', { class: 'soft' }, text('claim.acceptedAt', { time: format.clockTime(Date.parse(claim.acceptedAt)) })),
      claim.couponCode && el('p', { class: 'code' },
        el('span', { class: 'visually-hidden' }, text('claim.code'), ' '),
        el('code', {}, claim.couponCode),
        el('button', { type: 'button', class: 'quiet', click: () => this.onCopy(claim.couponCode) }, text('claim.copy'))),
      claim.state === 'rejected' && claim.reason && el('p', { class: 'soft' }, claim.reason))));
  }

  #fact(name, value, kind = null) { return el('div', { class: kind }, el('dt', {}, name), el('dd', {}, value)); }

  #set(element, value) {
    if (element.textContent !== value) { element.textContent = value; }
  }
}
