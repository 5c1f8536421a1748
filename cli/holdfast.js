#!/usr/bin/env node
// The entry of `npx holdfast`: TypeScript is compiled as it is loaded, so a clone needs no build step.
require("sucrase/register/ts");
require("./main");
