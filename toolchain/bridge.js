/**
 * The plugin that answers @muhlba91/pulumi-proxmoxve in tests: its own cannot be had where CI runs. `node
 * toolchain/bridge.js` builds it beforehand.
 */
const { rmSync } = require("node:fs");
const { join } = require("node:path");
const { compile } = require("./go");
const { asScript, buildModule, ensureModule } = require("./goModule");
const { run, step } = require("./step");

const module_ = "proxmoxve-bridge";
const binary = "pulumi-resource-proxmoxve";

/**
 * @returns {Promise<string>} the folder of the plugin, for `plugins.providers[].path` of a Pulumi.yaml
 */
function ensureBridge() {
    return ensureModule(module_, __filename);
}

/**
 * @param {string} go
 * @param {string} draft
 */
async function make(go, draft) {
    await step(`building ${binary} for the tests from its pinned source (4 to 6 minutes, once)`, () =>
        compile(go, { module: module_, package: ".", flags: "-s -w" }, join(draft, binary)),
    );
    // What it says of missing documentation is of no use to anybody here; it fails with an exit status.
    await run(join(draft, binary), ["schema", "--out", draft], { stdio: ["ignore", "ignore", "ignore"] });
    rmSync(join(draft, "Pulumi.yaml"), { force: true });
}

if (require.main === module) asScript(buildModule(module_, make));

module.exports = { ensureBridge };
