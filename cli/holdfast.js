#!/usr/bin/env node
// The entry of `npx holdfast`. In a clone TypeScript is compiled as it is loaded, so there is no build step; a
// published package has it compiled, since sucrase leaves node_modules alone.
const isClone = require("node:fs").existsSync(`${__dirname}/main.ts`);
if (isClone) require("../toolchain/loadTypeScript");
require(isClone ? "./main" : "../dist/cli/main");
