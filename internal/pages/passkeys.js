// The script of pages with a form that a device fills in with a passkey (Web Authentication). Without it, and where the
// browser has no passkeys, the form is not there and the page's other ways work all the same.
'use strict';

const form = document.querySelector('form[data-passkey]');
const asked = 4 * 60_000; // milliseconds, less than the server waits
let offer; // the passkeys offered at a field

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const named = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

// question is what the server wants the device to be asked.
async function question() {
  const response = await fetch(form.dataset.options, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const options = await response.json();
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  options.allowCredentials = named(options.allowCredentials);
  options.excludeCredentials = named(options.excludeCredentials);
  return options;
}

// send posts what the device said.
function send(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[name]) answer[name] = text(response[name]);
  }
  if (response.getTransports) answer.transports = response.getTransports();
  form.elements.answer.value = JSON.stringify({
    id: text(credential.rawId), rawId: text(credential.rawId), type: credential.type, response: answer, clientExtensionResults: {},
  });
  form.submit();
}

function tell(problem) {
  for (const p of form.querySelectorAll('[data-problem]')) p.hidden = p.dataset.problem !== problem;
}

async function press(event) {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  tell();
  offer?.abort();
  offer = undefined;
  try {
    const publicKey = await question();
    send(form.dataset.passkey === 'create' ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey }));
  } catch (error) {
    tell(error.name === 'InvalidStateError' && form.dataset.passkey === 'create' ? 'known' : 'none');
    button.disabled = false;
    autofill();
  }
}

// autofill offers passkeys at the field for them, until one is chosen or the button is pressed. The question is put anew
// before it is over.
async function autofill() {
  if (form.dataset.autofill === undefined || !await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
  const mine = offer = new AbortController();
  const timer = setTimeout(() => mine.abort(), asked);
  try {
    send(await navigator.credentials.get({ publicKey: await question(), mediation: 'conditional', signal: mine.signal }));
  } catch {
    clearTimeout(timer);
    if (offer !== mine || !mine.signal.aborted) return;
    if (document.hidden) await new Promise((seen) => document.addEventListener('visibilitychange', seen, { once: true }));
    if (offer === mine) autofill();
  }
}

if (form && window.PublicKeyCredential) {
  form.hidden = false;
  document.querySelector('[data-passkey-missing]')?.remove();
  form.addEventListener('submit', press);
  addEventListener('pageshow', () => { form.querySelector('button').disabled = false; });
  autofill();
}
