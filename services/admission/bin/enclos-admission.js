#!/usr/bin/env node
import { startProgram } from '@enclos/errors/start-program';

startProgram('enclos-admission', () => import('../dist/src/main.js'));
