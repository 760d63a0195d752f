#!/usr/bin/env node
import { startProgram } from '@enclos/errors/start-program';

void startProgram('enclos-admission', () => import('../dist/src/main.js'));
