import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'image build',
    'Image',
    'Make a container image of a signed enclave and its host program',
    () => import('./build.ts'),
  ),
  entry('image inspect', 'Image', 'Show what a container image says about itself', () => import('./inspect.ts')),
  entry(
    'image verify',
    'Image',
    'Tie the digest of a container image to the enclave in it',
    () => import('./verify.ts'),
  ),
  entry(
    'image index',
    'Image',
    'Join images for different architectures into one index',
    () => import('./image-index.ts'),
  ),
  entry('image push', 'Image', 'Send a container image to a registry', () => import('./push.ts')),
  entry('image pull', 'Image', 'Get a container image from a registry', () => import('./pull.ts')),
];
