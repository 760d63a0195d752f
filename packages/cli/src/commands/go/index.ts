import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('go build', 'Go programs', 'Build an unmodified Go program as an enclave', () => import('./build.ts')),
  entry('go run', 'Go programs', 'Build a Go program and run it as an enclave', () => import('./run.ts')),
  entry(
    'go test',
    'Go programs',
    'Run the tests of Go packages, with the modules of Enclos',
    () => import('./test.ts'),
  ),
  entry('go interface', 'Go programs', 'Write the Go side of an interface', () => import('./interface.ts')),
  entry('go install', 'Go programs', 'Install Go programs that can be enclaves', () => import('./install.ts')),
];
