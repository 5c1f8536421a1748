/**
 * What `npm start -- --all` shows of a Docker host: a hard stop takes every container's record and leaves the volumes,
 * and what Holdfast's unit does after that boot. A real dockerd and Compose, in namespaces instead of a machine of its
 * own.
 */
import { DockerSandbox, sandboxImage, wikiCompose } from "../../tests/helpers/dockerSandbox";

export async function showDockerIncident(
    claim: (text: string, holds: () => Promise<boolean>) => Promise<void>,
): Promise<void> {
    const sandbox = await DockerSandbox.start();
    const born = () => sandbox.shell("cat /opt/wiki/data/born");
    const show = async (script: string) => {
        const shown = await sandbox.shell(script);
        console.log(`# ${script}\n${shown}`);
        return shown;
    };
    const running = async () => (await show("docker ps --all --format '{{.Names}} {{.State}}' | sort")).split("\n");
    const both = ["wiki-db-1 running", "wiki-web-1 running"];
    const same = (one: readonly string[], other: readonly string[]) => one.join() === other.join();
    try {
        await sandbox.shell("mkdir -p /opt/wiki/data");
        await sandbox.write("/opt/wiki/compose.yaml", wikiCompose);
        await sandbox.dockerUp();
        await sandbox.makeImage(sandboxImage);
        await sandbox.declare({ mounts: ["/opt"], deployments: [{ name: "wiki", compose: "/opt/wiki" }] });
        await claim("a Compose project runs, brought up by what `holdfast redeploy` starts", async () => {
            console.log((await sandbox.redeploy("--now")).said);
            await sandbox.shell("until test -s /opt/wiki/data/born; do sleep 0.1; done");
            return same(await running(), both);
        });
        const before = await born();
        await claim("after a hard stop Docker has no container at all, and the volume is whole", async () => {
            await sandbox.loseContainers();
            return same(await running(), [""]) && (await show("cat /opt/wiki/data/born")) === before;
        });
        await claim("the boot's unit brings them back on their old data, and one mail says so", async () => {
            console.log((await sandbox.redeploy()).said);
            const mails = await sandbox.mails();
            console.log(mails);
            const seen = await show("docker exec wiki-web-1 /bin/cat /data/born");
            const told = mails.match(/^Subject: .*$/gm) ?? [];
            return (
                same(await running(), both) &&
                seen === before &&
                same(told, ["Subject: Docker: brought back 1 of 1 deployments"])
            );
        });
    } finally {
        await sandbox.stop();
    }
}
