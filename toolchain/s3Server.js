/** A small S3 server for the tests of the backup: seconds to build, and it runs on a lab node. */
const { join } = require("node:path");
const { compile } = require("./go");
const { asScript, buildModule, ensureModule } = require("./goModule");
const { step } = require("./step");

const module_ = "s3-server";

/**
 * @returns {Promise<string>} the program, static
 */
async function ensureS3Server() {
    return join(await ensureModule(module_, __filename), module_);
}

if (require.main === module)
    asScript(
        buildModule(module_, (go, draft) =>
            step(`building ${module_} for the tests from its pinned source (half a minute, once)`, () =>
                compile(go, { module: module_, package: ".", flags: "-s -w" }, join(draft, module_)),
            ),
        ),
    );

module.exports = { ensureS3Server };
