using System.CommandLine;
using StreamManager.Server.Hosting;

var serve = new Command("serve", "Runs the server (the default).");
serve.SetAction((_, _) => ServeCommand.RunAsync());
var doctor = new Command("doctor", "Checks what the server needs: ffmpeg, ports, data directory, clock.");
doctor.SetAction((_, _) => DoctorCommand.RunAsync());
var rotate = new Command("rotate", "Puts the stored secrets under a new key (NEW_ENCRYPTION_KEY, or a new file). Stop the server first.");
rotate.SetAction((_, cancellationToken) => VaultCommand.RotateAsync(cancellationToken));
var vault = new Command("vault", "The key of the stored secrets.") { rotate };
var health = new Command("health", "Asks the server of this machine whether it is ready; exit code 1 when it is not. For a container's health check.");
health.SetAction((_, cancel) => HealthCommand.RunAsync(cancel));
var root = new RootCommand("Stream Manager: one continuous program, many destinations.") { serve, doctor, health, vault };
root.SetAction((_, _) => ServeCommand.RunAsync());
return await root.Parse(args).InvokeAsync();
