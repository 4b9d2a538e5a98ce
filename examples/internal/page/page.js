// Looks again whenever the server says that something changed.
const live = document.getElementById('live');
const status = document.getElementById('status');
const say = (on) => {
  status.hidden = false;
  status.className = on ? 'on' : '';
  status.textContent = on ? 'Live' : 'Reconnecting';
};
let looking = null;
const look = async () => {
  looking?.abort();
  looking = new AbortController();
  try {
    const answer = await fetch('.', { signal: looking.signal, cache: 'no-store' });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live');
    if (fresh && fresh.innerHTML !== live.innerHTML) live.replaceChildren(...fresh.childNodes);
  } catch (error) {
    if (error.name !== 'AbortError') say(false);
  }
};
const events = new EventSource('live');
events.addEventListener('open', () => say(true));
events.addEventListener('error', () => say(false));
events.addEventListener('changed', look);
