// For `node --require`: writes a profile of the process into HOLDFAST_PROFILES when it ends. Node 20 takes --cpu-prof on
// its command line alone, and that of these processes is Pulumi's.
const { writeFileSync } = require("node:fs");
const { Session } = require("node:inspector");
const { isMainThread } = require("node:worker_threads");

const folder = process.env.HOLDFAST_PROFILES;
const name = /pulumi-resource-holdfast/.test(process.argv[1] ?? "")
    ? "provider"
    : /@pulumi.pulumi.cmd.run/.test(process.argv[1] ?? "")
      ? "program"
      : undefined;
if (folder && name && isMainThread) {
    const session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: 1000 });
    session.post("Profiler.start");
    // Its answer comes at once: the process does not have to live on for it.
    process.once("exit", () => {
        session.post("Profiler.stop", (error, result) => {
            if (error) console.error(`profiler: ${JSON.stringify(error)}`);
            else writeFileSync(`${folder}/${name}-${process.pid}.cpuprofile`, JSON.stringify(result.profile));
        });
    });
}
