package remote

import (
	"crypto/rand"
	"errors"
	"sync"

	sdk "enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/enclave"
)

// Inside is for enclaves: Intel's root, that of their own platform and those that the image names. Collateral is as collateralVariable says,
// or from the host.
func Inside() *Trust {
	return &Trust{
		Roots: func() ([]sdk.Root, error) {
			own, err := ownRoot()
			if err != nil {
				return nil, err
			}
			others, err := measuredRoots()
			return append([]sdk.Root{sdk.IntelRoot(), own}, others...), err
		},
		Advisories: func() ([]string, error) {
			value, _, err := measured(advisoriesVariable)
			return readAdvisories(value), err
		},
		Collateral: named(func(origin *sdk.Origin) (*sdk.Endorsements, error) {
			return kept("host", origin, enclave.Collateral)
		}),
	}
}

var platform struct {
	sync.Mutex
	root *sdk.Root
}

// ownRoot is the root of the platform that this enclave runs on. That platform holds the enclave's memory and keys, so its root could
// betray the enclave anyway: to trust it gives nothing away.
func ownRoot() (sdk.Root, error) {
	platform.Lock()
	defer platform.Unlock()
	if platform.root != nil {
		return *platform.root, nil
	}
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return sdk.Root{}, err
	}
	// It comes from the platform itself, by a channel that the host does not reach.
	quote, err := enclave.Quote(enclave.QuoteRequest{Purpose: "enclos.ego.own-root", Nonce: nonce})
	if err != nil {
		return sdk.Root{}, err
	}
	origin, err := sdk.ReadOrigin(quote)
	if err != nil {
		return sdk.Root{}, err
	}
	platform.root = &origin.Root
	return origin.Root, nil
}

// measuredRoots are the roots that the image names.
func measuredRoots() ([]sdk.Root, error) {
	path, isNamed, err := measured(rootsVariable)
	if err != nil || !isNamed {
		return nil, err
	}
	text, err := enclave.EmbeddedFile(path)
	if err != nil {
		return nil, err
	}
	return readRoots(text)
}

// measured is a variable whose value is in the image: the host must not be able to say whom to trust.
func measured(name string) (value string, isNamed bool, err error) {
	manifest, err := enclave.ReadManifest()
	if err != nil {
		return "", false, err
	}
	for _, variable := range manifest.Environment {
		if variable.Name != name {
			continue
		}
		if variable.FromHost {
			return "", false, errors.New(name + " comes from the host: write its value in enclave.json, so that it is measured")
		}
		return variable.Value, true, nil
	}
	return "", false, nil
}
