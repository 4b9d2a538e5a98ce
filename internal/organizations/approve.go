// approve.go: members ask their organization to let a client in, and its admins answer.

package organizations

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
)

const maxNote = 200 // characters

// ErrNotByApproval means that the organization's rule for such clients lets none in, approved or not.
var ErrNotByApproval = errors.New("organizations: the rule lets no such client in, approved or not")

// Ask files a member's wish and mails the admins, once for each member and client.
func (o *Office) Ask(ctx context.Context, org store.Organization, client store.ClientID, person store.PersonID, note string) error {
	err := o.Store.AskApproval(ctx, store.Approval{Org: org.ID, Client: client, Person: person, Note: oneLine(note), AskedAt: o.now()})
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking organization %s to let %s in: %w", org.ID, client, err)
	}
	o.note(ctx, "a member asked to let a client in", "org", org.ID, "client", client, "person", person)
	if o.Mail == nil {
		return nil
	}
	admins, err := o.admins(ctx, org.ID)
	if err != nil {
		return err
	}
	for _, admin := range admins {
		o.tell(ctx, mail.Letter{
			To: admin.Email, Title: "An app waits for your approval",
			Lines:    []string{"A member of " + org.Name + " wants to connect an app that nobody has approved yet. Look at it and decide."},
			LinkText: "Look at what waits", Link: o.Page(org.ID),
		})
	}
	return nil
}

// Page is the address of the page on which admins decide.
func (o *Office) Page(org store.OrgID) string {
	return o.Issuer + "/account/organizations/admin?" + url.Values{"org": {string(org)}}.Encode()
}

// oneLine is what a person wrote, as one line of graphic characters and at most maxNote of them.
func oneLine(note string) string {
	words := strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(note, " ")))
	runes := []rune(strings.Join(words, " "))
	return string(runes[:min(len(runes), maxNote)])
}

// Approve lists the client in the rule it falls under, ends the wishes of members, which it returns, and mails who had them.
// ErrNotByApproval when that would not let it in, store.ErrChanged when somebody else changed the organization meanwhile.
func (o *Office) Approve(ctx context.Context, org store.Organization, client store.Client) ([]store.Approval, error) {
	rule := policy.RuleFor(&org.Policy, client)
	if !slices.Contains(rule.Clients, client.ID) {
		rule.Clients = append(slices.Clone(rule.Clients), client.ID)
	}
	if policy.Admit(o.Settings, org.Policy, client) != policy.Admitted {
		return nil, ErrNotByApproval
	}
	wishes, err := o.Store.ApproveClient(ctx, org, client.ID)
	if err != nil {
		return nil, fmt.Errorf("letting %s into organization %s: %w", client.ID, org.ID, err)
	}
	o.note(ctx, "a client was approved", "org", org.ID, "client", client.ID)
	return wishes, o.answer(ctx, wishes, mail.Letter{
		Title: "Your app is approved",
		Lines: []string{"An admin of " + org.Name + " approved the app that you asked for. Go back to the app and connect again."},
	})
}

// Refuse refuses the wishes of members, which it returns, and mails who had them.
func (o *Office) Refuse(ctx context.Context, org store.Organization, client store.ClientID, by store.PersonID) ([]store.Approval, error) {
	wishes, err := o.Store.RefuseClient(ctx, org.ID, client, by, o.now())
	if err != nil {
		return nil, fmt.Errorf("refusing %s in organization %s: %w", client, org.ID, err)
	}
	o.note(ctx, "a client was refused", "org", org.ID, "client", client, "by", by)
	return wishes, o.answer(ctx, wishes, mail.Letter{
		Title: "Your app was not approved",
		Lines: []string{"An admin of " + org.Name + " did not approve the app that you asked for. Ask them which apps you can use."},
	})
}

// answer writes to everybody who asked.
func (o *Office) answer(ctx context.Context, wishes []store.Approval, l mail.Letter) error {
	for _, wish := range wishes {
		p, err := o.Store.Person(ctx, wish.Person)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading person %s: %w", wish.Person, err)
		}
		if canBeTold(p) {
			l.To = p.Email
			o.tell(ctx, l)
		}
	}
	return nil
}
