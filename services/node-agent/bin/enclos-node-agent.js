#!/usr/bin/env node
import { startProgram } from '@enclos/errors/start-program';

void startProgram('enclos-node-agent', () => import('../dist/src/main.js'));
