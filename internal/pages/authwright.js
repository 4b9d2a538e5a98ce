// The Allow button answers only after the page has been seen for half a second, so that a click meant for another
// window does not land on it (double-clickjacking). Without this script the button just works.
'use strict';
