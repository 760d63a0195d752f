// The program of the other variant: it begins when it is loaded.
await import('../../src/host.ts');
