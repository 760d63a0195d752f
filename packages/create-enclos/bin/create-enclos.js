#!/usr/bin/env node
import { startProgram } from '@enclos/errors/start-program';

await startProgram('create-enclos', () => import('../dist/src/main.js'));
