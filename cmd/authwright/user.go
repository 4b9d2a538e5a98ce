// user.go: authwright user manages accounts.

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/server"
)

type userCommand struct {
	Create  userCreate  `cmd:"" help:"Make an account. The password is asked for at the terminal."`
	List    userList    `cmd:"" help:"List the accounts."`
	Disable userDisable `cmd:"" help:"Lock an account. Its sessions and all that was granted for it end at once."`
	Enable  userEnable  `cmd:"" help:"Unlock an account. What ended stays ended."`
	Passwd  userPasswd  `cmd:"" help:"Set a new password. Sessions, and what was granted, end."`
	Verify  userVerify  `cmd:"" help:"Say that an account's address is known to be its owner's, as if they had answered a mail."`
	Passkey userPasskey `cmd:"" help:"See and remove a person's passkeys, and give leave to make one."`
}

// shownPerson is a person as scripts read them.
type shownPerson struct {
	ID            store.PersonID `json:"id"`
	Email         string         `json:"email"`
	EmailVerified bool           `json:"email_verified"`
	Name          string         `json:"name"`
	Operator      bool           `json:"operator"`
	Disabled      bool           `json:"disabled"`
	CreatedAt     time.Time      `json:"created_at"`
}

func showPerson(p store.Person) shownPerson {
	return shownPerson{p.ID, p.Email, p.EmailVerified, p.Name, p.Operator, p.Disabled, p.CreatedAt}
}

type userCreate struct {
	projectFlag
	jsonFlag
	passwordFlag
	Email         string `arg:"" help:"E-mail address, which they sign in with."`
	Name          string `required:"" help:"What they are called."`
	EmailVerified bool   `help:"The address is known to be theirs."`
	NoPassword    bool   `help:"They have none: they come in by mail, or make a passkey (authwright user passkey link)."`
	Operator      bool   `help:"They may do everything in the deployment; in the default project only."`
}

// Run makes the account.
func (u *userCreate) Run(ctx context.Context, out *console) error {
	return u.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		if u.Operator && project.ID != server.DefaultProject {
			return errors.New("--operator: operators are people of the default project")
		}
		account := login.Account{Email: u.Email, Name: u.Name}
		wrong := account.Check()
		wrong.Password = "" // not asked for yet
		if err := wrong.Err(); err != nil {
			return err
		}
		p, err := u.person(ctx, account, out)
		if err != nil {
			return err
		}
		p.EmailVerified, p.Operator = u.EmailVerified, u.Operator
		err = st.CreatePerson(ctx, p)
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("%s has an account in project %s already: authwright user passwd sets a new password", p.Email, project.ID)
		}
		if err != nil {
			return err
		}
		if u.JSON {
			return out.json(showPerson(p))
		}
		if !p.EmailVerified {
			return out.say("%s can sign in. Their id is %s. Nobody has shown that the address is theirs: they do by a mail, or you say so by authwright user verify.", p.Email, p.ID)
		}
		return out.say("%s can sign in. Their id is %s.", p.Email, p.ID)
	})
}

// person makes the person of an account, with the password that is asked for, if any is.
func (u *userCreate) person(ctx context.Context, account login.Account, out *console) (store.Person, error) {
	if u.NoPassword {
		return account.WithoutPassword(time.Now())
	}
	var err error
	if account.Password, err = u.read(out); err != nil {
		return store.Person{}, err
	}
	return account.Person(ctx, time.Now())
}

type userList struct {
	projectFlag
	jsonFlag
}

const pageSize = 500

// Run lists everybody, a page at a time.
func (u *userList) Run(ctx context.Context, out *console) error {
	return u.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		people := []shownPerson{}
		for after := store.PersonID(""); ; {
			page, err := st.People(ctx, after, pageSize)
			if err != nil {
				return err
			}
			for _, p := range page {
				people = append(people, showPerson(p))
				after = p.ID
			}
			if len(page) < pageSize {
				break
			}
		}
		if u.JSON {
			return out.json(people)
		}
		rows := make([][]string, len(people))
		for i, p := range people {
			rows[i] = []string{p.Email, p.Name, p.status(), day(p.CreatedAt), string(p.ID)}
		}
		return out.table([]string{"EMAIL", "NAME", "STATUS", "SINCE", "ID"}, rows)
	})
}

func (p shownPerson) status() string {
	switch {
	case p.Disabled:
		return "disabled"
	case p.Operator:
		return "operator"
	}
	return "active"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

type userDisable struct {
	projectFlag
	Email string `arg:""`
}

// Run locks the account.
func (u *userDisable) Run(ctx context.Context, out *console) error {
	return u.setDisabled(ctx, u.Email, true, out, "%s is locked. Access tokens that servers check by themselves run out within %s.")
}

type userEnable struct {
	projectFlag
	Email string `arg:""`
}

// Run unlocks the account.
func (u *userEnable) Run(ctx context.Context, out *console) error {
	return u.setDisabled(ctx, u.Email, false, out, "%s can sign in again.")
}

// setDisabled locks or unlocks an account and says so; the words may name the address and the life of access tokens.
func (f projectFlag) setDisabled(ctx context.Context, email string, disabled bool, out *console, words string) error {
	return f.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		p, err := person(ctx, st, email)
		if err != nil {
			return err
		}
		if err := st.SetPersonDisabled(ctx, p.ID, disabled, time.Now()); err != nil {
			return err
		}
		args := []any{p.Email}
		if disabled {
			args = append(args, project.Settings.Defaults().AccessLife)
		}
		return out.say(words, args...)
	})
}

type userVerify struct {
	projectFlag
	Email string `arg:""`
}

// Run records that the address is proven.
func (u *userVerify) Run(ctx context.Context, out *console) error {
	return u.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		p, err := person(ctx, st, u.Email)
		if err != nil {
			return err
		}
		if p.EmailVerified {
			return out.say("%s is known to be theirs already.", p.Email)
		}
		err = st.VerifyEmail(ctx, p.ID, p.Email, time.Now())
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s was changed by somebody else just now: nothing was done, run it again", p.Email)
		}
		if err != nil {
			return err
		}
		return out.say("%s is known to be theirs. What mail or the sign-in of their organization says of this address opens the account from now on; its password and passkeys stay.", p.Email)
	})
}

type userPasswd struct {
	projectFlag
	passwordFlag
	Email      string `arg:""`
	KeepGrants bool   `help:"Apps they connected stay connected. Only when nobody else can know the old password."`
}

// Run sets the password.
func (u *userPasswd) Run(ctx context.Context, out *console) error {
	return u.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		p, err := person(ctx, st, u.Email)
		if err != nil {
			return err
		}
		password, err := u.read(out)
		if err != nil {
			return err
		}
		if problem := login.CheckNewPassword(password); problem != "" {
			return errors.New(problem)
		}
		hash, err := login.HashPassword(ctx, password)
		if err != nil {
			return err
		}
		if err := st.SetPassword(ctx, p.ID, hash, !u.KeepGrants, time.Now()); err != nil {
			return err
		}
		return out.say("%s has a new password and is signed out everywhere.", p.Email)
	})
}

// person finds an account by its address.
func person(ctx context.Context, st store.People, email string) (store.Person, error) {
	canonical, err := login.CanonicalEmail(email)
	if err != nil {
		return store.Person{}, fmt.Errorf("%q: %w", email, err)
	}
	p, err := st.PersonByEmail(ctx, canonical)
	if errors.Is(err, store.ErrNotFound) {
		return store.Person{}, fmt.Errorf("nobody has the address %s: authwright user list tells who there is", canonical)
	}
	return p, err
}
