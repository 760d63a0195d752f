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

// measuredRoots are the roots that the image names. The host must not be able to name one.
func measuredRoots() ([]sdk.Root, error) {
	manifest, err := enclave.ReadManifest()
	if err != nil {
		return nil, err
	}
	for _, variable := range manifest.Environment {
		if variable.Name != rootsVariable {
			continue
		}
		if variable.FromHost {
			return nil, errors.New(rootsVariable + " comes from the host: write its value in enclave.json, so that it is measured")
		}
		text, err := enclave.EmbeddedFile(variable.Value)
		if err != nil {
			return nil, err
		}
		return readRoots(text)
	}
	return nil, nil
}
