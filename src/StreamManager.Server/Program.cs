using System.CommandLine;
using System.CommandLine.Help;
using StreamManager.Server.Hosting;

var takeover = new Option<bool>("--takeover") { Description = "Take a shared database (REDIS_URL) over from another server that puts its channels on air." };
var serve = new Command("serve", "Runs the server (the default).") { takeover };
serve.SetAction((result, _) => ServeCommand.RunAsync(result.GetValue(takeover)));
var doctor = new Command("doctor", "Checks what the server needs: ffmpeg, ports, data directory, clock.");
doctor.SetAction((_, _) => DoctorCommand.RunAsync());
var rotate = new Command("rotate", "Puts the stored secrets under a new key (NEW_ENCRYPTION_KEY, or a new file). Stop the server first.");
rotate.SetAction((_, cancellationToken) => VaultCommand.RotateAsync(cancellationToken));
var vault = new Command("vault", "The key of the stored secrets.") { rotate };
var health = new Command("health", "Asks the server of this machine whether it is ready; exit code 1 when it is not. For a container's health check.");
health.SetAction((_, cancel) => HealthCommand.RunAsync(cancel));
var file = new Argument<string>("file") { Description = "The file." };
var withSecrets = new Option<bool>("--with-secrets") { Description = "Users, keys and secrets too, all sealed with EXPORT_PASSPHRASE." };
var export = new Command("export", "Writes what was set through the API into a file. Stop the server first.") { file, withSecrets };
export.SetAction((result, cancel) => TransferCommands.ExportAsync(result.GetRequiredValue(file), result.GetValue(withSecrets), cancel));
var import = new Command("import", "Reads such a file: what has the same id is replaced. Stop the server first.") { file };
import.SetAction((result, cancel) => TransferCommands.ImportAsync(result.GetRequiredValue(file), cancel));

// No RootCommand: that calls itself by the name of its file.
var root = new Command("stream-manager", "Stream Manager: one continuous program, many destinations.") { serve, doctor, health, vault, export, import, new HelpOption(), new VersionOption() };
root.SetAction((_, _) => ServeCommand.RunAsync(takesOver: false));
return await root.Parse(args).InvokeAsync();
