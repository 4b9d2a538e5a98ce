// Package oauth holds the words of OAuth 2.1 as they are on the wire: codes,
// forms, documents, headers and tokens, one file per RFC.
//
// It imports the standard library only, keeps no state and decides nothing.
package oauth
