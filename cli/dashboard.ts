/** `holdfast dashboard`: what a person looks at, for Grafana to provision. */
import type { Command } from "commander";
import type { DashboardOptions } from "./dashboard/options";

export function registerDashboard(program: Command): void {
    program
        .command("dashboard")
        .description(
            "write the fleet's Grafana dashboard: up or down, readiness for the next boot, drift, backups, load, disks and network of every machine that Prometheus scrapes; only what the stack's concerns can show. No node is asked",
        )
        .option("-o, --output <file>", "where to", "holdfast-fleet.json")
        .option("--stack <name>", "which stack (default: the selected one)")
        .addHelpText(
            "after",
            "\nExample:\n  npx holdfast dashboard --stack prod -o /var/lib/grafana/dashboards/holdfast-fleet.json",
        )
        .action(async (options: DashboardOptions) => {
            // Loaded only here: no other command pays for it.
            const { writeDashboard } = await import("./dashboard/run");
            console.log(await writeDashboard(options));
        });
}
