//go:build enclos_overlay

// The functions of overlay.go without bodies are in the standard library.
