// The page: which view the path names, the language and the account.
import * as account from './account.js';
import { keepSynchronised } from './clock.js';
import { byId, notify, showTrouble, trouble } from './dom.js';
import { EventPage } from './event-page.js';
import { apply, choose as chooseLanguage, text } from './language.js';
import { CampaignList } from './list.js';
import * as session from './session.js';
import { Wallet } from './wallet.js';

const tickMs = 200;
const onlineMaxMs = 1_000;
const views = { list: new CampaignList(byId('list-view')), event: new EventPage(byId('event-view')), wallet: new Wallet(byId('wallet-view')) };
let current = null;
let opened = null; // The path of what is open.

function viewOf(path) {
  const campaign = /^\/campaigns\/([0-9a-fA-F-]{36})$/.exec(path);
  if (campaign) { return [views.event, campaign[1]]; }
  return path === '/wallet' ? [views.wallet] : [views.list];
}

function open(moveFocus) {
  const [view, argument] = viewOf(location.pathname);
  opened = location.pathname;
  current?.close();
  current = view;
  document.title = text('page.title');
  trouble();
  for (const each of Object.values(views)) { each.container.hidden = each !== view; }
  for (const link of document.querySelectorAll('nav a')) {
    if (link.pathname === location.pathname) { link.setAttribute('aria-current', 'page'); } else { link.removeAttribute('aria-current'); }
  }
  view.open(argument);
  if (moveFocus) { byId('main').focus(); scrollTo(0, 0); }
}

// Links of this page change the view without loading it anew, so that the access token stays in memory.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="/"]');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) { return; }
  event.preventDefault();
  if (link.pathname !== location.pathname) { history.pushState(null, '', link.pathname); }
  open(true);
});
// A step within the page, as by the link that skips to the content, is one too; it must not end what is under way.
addEventListener('popstate', () => { if (location.pathname !== opened) { open(true); } });

function showAccount() {
  const button = byId('account');
  button.dataset.text = session.isSignedIn() ? 'account.signOut' : 'account.signIn';
  button.textContent = text(button.dataset.text);
  byId('who').textContent = session.email() ?? '';
}

for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => { chooseLanguage(button.dataset.language); showAccount(); account.render(); showTrouble(); current.render(); });
}
byId('account').addEventListener('click', async () => {
  if (!session.isSignedIn()) { await account.askToSignIn(); return; }
  await session.signOut();
  notify(text('account.signedOut'));
});
session.onChange(({ isEnded }) => {
  showAccount();
  current?.sessionChanged();
  if (isEnded) { notify(text('account.ended')); }
});
addEventListener('offline', () => trouble(() => text('page.offline')));
// A network that comes back does so for many at once.
addEventListener('online', () => { trouble(); setTimeout(() => current.refresh(), Math.random() * onlineMaxMs); });
byId('starting').remove();
account.setUp();
apply();
showAccount();
open(false);
keepSynchronised();
setInterval(() => current.tick?.(tickMs), tickMs);
