// Signing in and up, and a new password by an admin's code, in a dialog; its words are the page's, its rules the server's.
import { Problem, patiently } from './api.js';
import { announce, byId, show } from './dom.js';
import { explain, language, sentence, text } from './language.js';
import * as session from './session.js';

const dialog = byId('account-dialog');
const form = byId('account-form');
const fields = ['email', 'displayName', 'code', 'password'];
// What each way into the account is called, where it leads besides, and which question leads there.
const modes = {
  'sign-in': { own: 'account.signIn', other: 'sign-up', question: 'account.newHere', password: 'account.password' },
  'sign-up': { own: 'account.signUp', other: 'sign-in', question: 'account.haveAccount', password: 'account.password' },
  reset: { own: 'account.reset', other: 'sign-in', question: 'account.noCode', password: 'account.newPassword' },
};

// The server's sentences are in English; those that a new account meets are known here in both languages.
const reasons = [
  [/^must be an e-mail/, 'account.emailWrong'],
  [/^must have 1 to/, 'account.fieldMissing'],
  [/control character|well-formed/, 'account.characters'],
  [/commonest/, 'account.passwordCommon'],
  [/not be the e-mail/, 'account.passwordIsEmail'],
  [/^must have 10 to/, 'account.passwordShort'],
  [/not the present/, 'account.passwordNotCurrent'],
  [/another than the present/, 'account.passwordSame'],
];
// As the service has it: that of an input of type email, which says it in the browser's language, and two labels at least.
const address = /^(?=.{1,64}@)[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i;
let mode = 'sign-in';
let sending = null; // Ends what is under way.
let made = null; // The address of an account that was made, and not signed in to yet.
let told = () => tell({});
let done = null;

/** Opens the dialog; `true` once somebody is signed in, `false` when it was closed. */
export function askToSignIn() {
  if (dialog.open) { return Promise.resolve(false); }
  form.reset();
  setMode('sign-in');
  dialog.showModal();
  byId('email').focus();
  return new Promise((resolve) => { done = resolve; });
}

export function setUp() {
  byId('dialog-close').addEventListener('click', () => dialog.close());
  byId('account-switch').addEventListener('click', () => { setMode(modes[mode].other); byId('email').focus(); });
  byId('account-reset').addEventListener('click', () => { setMode('reset'); byId('email').focus(); });
  dialog.addEventListener('close', () => {
    sending?.abort();
    sending = made = null;
    byId('account-submit').setAttribute('aria-disabled', 'false');
    byId('password').value = byId('code').value = '';
    done?.(session.isSignedIn());
    done = null;
  });
  form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
}

/** Says in the reader's language what was said before in another. */
export function render() { told(); }

/** What the API says of fields that were sent, in words. */
export function wrongFields(problem, names) {
  const wrong = {};
  for (const [field, sent] of Object.entries(names)) {
    const errors = problem.body.errors?.[sent];
    if (errors) { wrong[field] = errors.map((reason) => text(reasons.find(([pattern]) => pattern.test(reason))?.[1] ?? 'account.fieldWrong', { reason })).join(' '); }
  }
  return wrong;
}

function setMode(next) {
  mode = next;
  const { own, other, question, password } = modes[mode];
  for (const [id, key] of [['dialog-heading', own], ['account-submit', own], ['account-switch', modes[other].own], ['switch-question', question], ['password-label', password]]) {
    byId(id).dataset.text = key;
    byId(id).textContent = text(key);
  }
  for (const part of form.querySelectorAll('[data-only]')) { part.hidden = !part.dataset.only.split(' ').includes(mode); }
  byId('password').autocomplete = mode === 'sign-in' ? 'current-password' : 'new-password';
  say(() => tell({}));
}

function say(words) {
  told = words;
  words();
}

// Shows a sentence for each field that is wrong, and puts the reader on the first.
function tell(wrong, general) {
  show(byId('form-problem'), general);
  let first = null;
  for (const field of fields) {
    byId(`${field}-problem`).textContent = wrong[field] ?? '';
    byId(field).setAttribute('aria-invalid', String(Boolean(wrong[field])));
    first ??= wrong[field] ? byId(field) : null;
  }
  first?.focus();
}

function check(values) {
  const wrong = {};
  if (!address.test(values.email)) { wrong.email = text(values.email ? 'account.emailWrong' : 'account.fieldMissing'); }
  if (mode === 'sign-up' && !values.displayName) { wrong.displayName = text('account.fieldMissing'); }
  if (mode === 'reset' && !values.code) { wrong.code = text('account.fieldMissing'); }
  if (!values.password) { wrong.password = text('account.fieldMissing'); }
  else if (mode !== 'sign-in' && values.password.length < 10) { wrong.password = text('account.passwordShort'); }
  return wrong;
}

async function submit() {
  if (sending) { return; }
  const values = Object.fromEntries(['email', 'displayName', 'code'].map((field) => [field, byId(field).value.trim()]));
  values.password = byId('password').value;
  say(() => tell(check(values)));
  if (Object.keys(check(values)).length > 0) { return; }
  const own = sending = new AbortController();
  byId('account-submit').setAttribute('aria-disabled', 'true');
  try {
    await enter(values, { signal: own.signal, onWait: (seconds) => { if (!own.signal.aborted) { show(byId('form-problem'), text('account.waiting', { seconds })); } } });
    announce(text('account.signedIn'));
    if (!own.signal.aborted) { dialog.close(); }
  } catch (problem) {
    if (!own.signal.aborted) {
      if (!(problem instanceof Problem)) { throw problem; }
      say(() => refuse(problem));
    }
  } finally {
    if (sending === own) {
      sending = null;
      byId('account-submit').setAttribute('aria-disabled', 'false');
    }
  }
}

// Each step is repeated for itself: one that was done is not done again because the next one has to wait.
async function enter(values, patience) {
  let denied = null;
  if (made !== values.email) {
    if (mode === 'sign-up') { denied = await once(() => session.signUp(values.email, values.password, values.displayName, language()), 'email-taken', patience); }
    if (mode === 'reset') { denied = await once(() => session.resetPassword(values.email, values.code, values.password), 'sign-in-failed', patience); }
    if (mode !== 'sign-in' && !denied) { made = values.email; }
  }
  try {
    await patiently(() => session.signIn(values.email, values.password), patience);
  } catch (problem) {
    throw denied && problem.slug === 'sign-in-failed' ? denied : problem;
  }
}

// The answer to a step that was taken may be lost, and its repetition is denied then: a taken address, a used code. Whether it is this visitor's own doing, signing in will tell.
async function once(ask, denial, patience) {
  let tries = 0;
  try {
    await patiently(() => { tries++; return ask(); }, patience);
    return null;
  } catch (problem) {
    if (problem.slug === denial && tries > 1) { return problem; }
    throw problem;
  }
}

function refuse(problem) {
  const { title } = explain(problem);
  const wrong = wrongFields(problem, { email: 'email', displayName: 'displayName', code: 'code', password: mode === 'reset' ? 'newPassword' : 'password' });
  if (problem.slug === 'email-taken') { wrong.email = title; }
  const general = problem.slug === 'sign-in-failed' ? text(mode === 'reset' && made === null ? 'account.codeFailed' : 'account.signInFailed') : sentence(problem);
  tell(wrong, Object.keys(wrong).length > 0 ? '' : general);
}
