// The page: the list, the chosen campaign with its live numbers, and the account.
import * as account from './account.js';
import { Problem } from './api.js';
import { CampaignList } from './list.js';
import { CampaignView, stateOf } from './campaign.js';
import { Claims } from './claim.js';
import { keepSynchronised } from './clock.js';
import { announce, byId, show } from './dom.js';
import { watch } from './events.js';
import { apply, choose as chooseLanguage, text } from './language.js';
import * as session from './session.js';

const listEveryMs = 20_000;
const tickMs = 200;

const list = new CampaignList(choose);
const view = new CampaignView(byId('chosen'), { onClaim: claim, onCopy: copy });
let chosen = null; // { campaign, counts, claims, stream, lastState }

function choose(id, moveFocus = true) {
  const campaign = list.campaigns.get(id);
  if (!campaign) { return; }
  leave();
  list.chosen = id;
  history.replaceState(null, '', `#${id}`);
  chosen = { campaign, counts: null, claims: new Claims(id, () => update()), stream: null, lastState: stateOf(campaign) };
  view.build(campaign);
  update();
  list.render();
  listen();
  if (moveFocus) {
    byId('campaign-name').focus();
    byId('chosen').scrollIntoView({ block: 'nearest' });
  }
}

function leave() {
  chosen?.stream?.close();
  chosen?.claims.close();
  chosen = null;
}

// The stream carries the session's token, so another session needs another stream.
function listen() {
  const current = chosen;
  current.stream?.close();
  current.stream = watch(current.campaign.id, (kind, data) => {
    if (current !== chosen) { return; }
    if (kind === 'state') { current.campaign = { ...current.campaign, state: data.state, quota: data.quota, opensAt: data.opensAt, closesAt: data.closesAt }; }
    if (kind === 'counts') { current.counts = data; }
    if (kind === 'claim') { current.claims.take(data); }
    update();
  }, (isOpen) => {
    if (current === chosen) { show(byId('trouble'), isOpen ? '' : text('page.offline')); }
  });
}

function update() {
  if (!chosen) { return; }
  const state = stateOf(chosen.campaign);
  if (state === 'open' && chosen.lastState === 'scheduled') { announce(text('claim.opened')); }
  if (state !== chosen.lastState) { list.render(); }
  chosen.lastState = state;
  view.update({ ...chosen, isSignedIn: session.isSignedIn() });
}

async function claim() {
  const current = chosen;
  if (!current || stateOf(current.campaign) !== 'open' || current.claims.isBusy) { return; }
  if (!session.isSignedIn() && !await account.askToSignIn()) { return; }
  if (current !== chosen) { return; }
  await current.claims.ask();
  if (current.claims.problem?.status === 401) { announce(text('account.ended')); }
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code);
    announce(text('claim.copied'));
    show(byId('trouble'), '');
  } catch {
    show(byId('trouble'), text('claim.copyFailed'));
  }
}

function showAccount() {
  const button = byId('account');
  button.dataset.text = session.isSignedIn() ? 'account.signOut' : 'account.signIn';
  button.textContent = text(button.dataset.text);
  byId('who').textContent = session.email() ?? '';
}

function sessionChanged() {
  showAccount();
  if (!chosen) { return; }
  // Somebody else's numbers do not stay on the screen.
  chosen.claims.close();
  chosen.claims = new Claims(chosen.campaign.id, () => update());
  listen();
  update();
}

async function refreshList() {
  try {
    await list.load();
    if (chosen && list.campaigns.has(chosen.campaign.id)) { adopt(list.campaigns.get(chosen.campaign.id)); }
    if (!chosen) { choose(list.campaigns.has(location.hash.slice(1)) ? location.hash.slice(1) : list.sorted[0]?.id, false); }
    if (!chosen) { show(byId('trouble'), ''); }
  } catch (problem) {
    if (!(problem instanceof Problem)) { throw problem; }
    show(byId('trouble'), text('page.offline'));
  }
}

// Words and conditions may have been changed too; the ticket is built again only where one was.
function adopt(campaign) {
  const { state: _, ...before } = chosen.campaign;
  const { state: __, ...after } = campaign;
  if (JSON.stringify(before) === JSON.stringify(after)) { return; }
  chosen.campaign = campaign;
  view.build(campaign);
  update();
}

function render() {
  apply();
  showAccount();
  list.render();
  if (!chosen) { return; }
  view.build(chosen.campaign);
  update();
}

for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => { chooseLanguage(button.dataset.language); render(); });
}
byId('account').addEventListener('click', async () => {
  if (!session.isSignedIn()) { await account.askToSignIn(); return; }
  await session.signOut();
  announce(text('account.signedOut'));
});
session.onChange(sessionChanged);
account.setUp();
apply();
await session.resume();
showAccount();
await Promise.all([keepSynchronised(), refreshList()]);
setInterval(update, tickMs);
setInterval(() => { if (!document.hidden) { refreshList(); } }, listEveryMs);
