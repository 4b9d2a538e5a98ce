// recovery.go: codes that a person writes down, for the day their authenticator is gone.

package otp

import (
	"crypto/rand"
	"strings"
)

// RecoveryCodes is how many a person gets.
const RecoveryCodes = 10

// letters are those that nobody takes for another. There are 32, so that a random byte chooses evenly.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

const recoverySize = 12 // 60 bits

// NewRecoveryCodes makes a set, each like abcd-efgh-2345.
func NewRecoveryCodes() []string {
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		raw := make([]byte, recoverySize)
		rand.Read(raw)
		for j, b := range raw {
			raw[j] = letters[b%byte(len(letters))]
		}
		codes[i] = string(raw[:4]) + "-" + string(raw[4:8]) + "-" + string(raw[8:])
	}
	return codes
}

// PlainRecoveryCode brings what a person typed to the one spelling, and tells whether it could be a code.
func PlainRecoveryCode(typed string) (string, bool) {
	code := strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u2011", "").Replace(strings.ToLower(typed))
	return code, len(code) == recoverySize && strings.Trim(code, letters) == ""
}
