#!/usr/bin/env node
/** The program behind the command `flock-ts`: hands the process to the command line. */

import process from "node:process";
import { runProcess } from "./run-process.ts";

await runProcess(process);
