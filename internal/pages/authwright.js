// The page's one script. It guards the button that gives access; without it the page works all the same.
//
// A click meant for another window must not land on the button (double-clickjacking): it answers only after the page
// has been visible and focused for half a second. And one click is one answer.
'use strict';

const guarded = document.querySelector('[data-guard]');
let timer = 0;

function guard() {
  clearTimeout(timer);
  guarded.disabled = true;
  if (document.visibilityState === 'visible' && document.hasFocus()) {
    timer = setTimeout(() => { guarded.disabled = false; }, 500);
  }
}

if (guarded) {
  guard();
  addEventListener('focus', guard);
  addEventListener('blur', guard);
  addEventListener('pageshow', guard);
  document.addEventListener('visibilitychange', guard);

  let sent = false;
  guarded.form.addEventListener('submit', (event) => {
    if (sent) {
      event.preventDefault();
    }
    sent = true;
  });
  addEventListener('pageshow', () => { sent = false; });
}
