// Signing in and up, in a dialog; its words are the page's, its rules the server's.
import { Problem, patiently } from './api.js';
import { announce, byId, show } from './dom.js';
import { explain, language, text } from './language.js';
import * as session from './session.js';

const dialog = byId('account-dialog');
const form = byId('account-form');
const fields = ['email', 'displayName', 'password'];

// The server's sentences are in English; those that a new account meets are known here in both languages.
const reasons = [
  [/commonest/, 'account.passwordCommon'],
  [/not be the e-mail/, 'account.passwordIsEmail'],
  [/^must have 10 to/, 'account.passwordShort'],
];
let isSignUp = false;
let isSending = false;
let done = null;

/** Opens the dialog; `true` once somebody is signed in, `false` when it was closed. */
export function askToSignIn() {
  if (dialog.open) { return Promise.resolve(false); }
  setMode(false);
  form.reset();
  dialog.showModal();
  byId('email').focus();
  return new Promise((resolve) => { done = resolve; });
}

export function setUp() {
  byId('dialog-close').addEventListener('click', () => dialog.close());
  byId('account-switch').addEventListener('click', () => { setMode(!isSignUp); byId('email').focus(); });
  dialog.addEventListener('close', () => { byId('password').value = ''; done?.(session.isSignedIn()); done = null; });
  form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
}

function setMode(signUp) {
  isSignUp = signUp;
  const [own, other] = signUp ? ['account.signUp', 'account.signIn'] : ['account.signIn', 'account.signUp'];
  for (const [id, key] of [['dialog-heading', own], ['account-submit', own], ['account-switch', other], ['switch-question', signUp ? 'account.haveAccount' : 'account.newHere']]) {
    byId(id).dataset.text = key;
    byId(id).textContent = text(key);
  }
  for (const part of form.querySelectorAll('[data-only="sign-up"]')) { part.hidden = !signUp; }
  byId('password').autocomplete = signUp ? 'new-password' : 'current-password';
  tell({});
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
  if (!values.email.includes('@')) { wrong.email = text(values.email ? 'account.emailWrong' : 'account.fieldMissing'); }
  if (isSignUp && !values.displayName) { wrong.displayName = text('account.fieldMissing'); }
  if (!values.password) { wrong.password = text('account.fieldMissing'); }
  else if (isSignUp && values.password.length < 10) { wrong.password = text('account.passwordShort'); }
  return wrong;
}

async function submit() {
  if (isSending) { return; }
  const values = { email: byId('email').value.trim(), displayName: byId('displayName').value.trim(), password: byId('password').value };
  const wrong = check(values);
  tell(wrong);
  if (Object.keys(wrong).length > 0) { return; }
  isSending = true;
  byId('account-submit').setAttribute('aria-disabled', 'true');
  try {
    await patiently(
      () => (isSignUp ? session.signUp(values.email, values.password, values.displayName, language()) : session.signIn(values.email, values.password)),
      { onWait: (seconds) => show(byId('form-problem'), text('account.waiting', { seconds })) });
    announce(text('account.signedIn'));
    dialog.close();
  } catch (problem) {
    if (!(problem instanceof Problem)) { throw problem; }
    refuse(problem);
  } finally {
    isSending = false;
    byId('account-submit').setAttribute('aria-disabled', 'false');
  }
}

function refuse(problem) {
  const { title, meaning } = explain(problem);
  const wrong = {};
  for (const field of fields) {
    const told = problem.body.errors?.[field];
    if (told) { wrong[field] = told.map((reason) => text(reasons.find(([pattern]) => pattern.test(reason))?.[1] ?? 'account.fieldWrong', { reason })).join(' '); }
  }
  if (problem.slug === 'email-taken') { wrong.email = title; }
  const general = problem.slug === 'sign-in-failed' ? text('account.signInFailed') : `${title}. ${meaning}`;
  tell(wrong, Object.keys(wrong).length > 0 ? '' : general);
}
