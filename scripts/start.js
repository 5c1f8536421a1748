/** `npm start [-- --all]`: set-up, then the demonstration (start.ts), which may use what the set-up has installed. */
const { join } = require("node:path");
const { afterSetUp } = require("./setup");
const { status } = require("../toolchain/step");

afterSetUp(async (env) => {
    process.exitCode = await status(
        process.execPath,
        ["--require", "./toolchain/loadTypeScript.js", join(__dirname, "start.ts"), ...process.argv.slice(2)],
        { cwd: join(__dirname, ".."), env },
    );
});
