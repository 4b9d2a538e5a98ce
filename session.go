// session.go ties session ids to who got them (MCP 2025-11-25, Session Management; Security Best Practices, Session Hijacking).

package authwright

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
)

const sessionHeader = "Mcp-Session-Id"

// sealSession is the session id as the client sees it: the server's own, and behind the last dot a MAC over it and
// who got it. Nothing is stored, and no id works for another person, organization or client.
func (r *Resource) sealSession(id string, token *Token) string {
	mac := hmac.New(sha256.New, r.sessionKey)
	for _, part := range []string{token.Issuer, token.Subject, token.OrgID, token.ClientID, id} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return id + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// openSession gives the server its own session id back, if the request comes from who got it. To anyone else the
// session does not exist: 404, on which clients begin a new one.
func (r *Resource) openSession(req *http.Request, token *Token) error {
	sealed := req.Header[sessionHeader]
	if len(sealed) == 0 {
		return nil
	}
	id := ""
	if dot := strings.LastIndexByte(sealed[0], '.'); len(sealed) == 1 && dot >= 0 {
		id = sealed[0][:dot]
	}
	if id == "" || !hmac.Equal([]byte(r.sealSession(id, token)), []byte(sealed[0])) {
		return &callError{status: http.StatusNotFound, code: codeInvalidRequest, text: "there is no such session"}
	}
	req.Header = req.Header.Clone()
	req.Header.Set(sessionHeader, id)
	return nil
}
