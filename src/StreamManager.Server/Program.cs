using System.CommandLine;
using StreamManager.Server.Hosting;

var serve = new Command("serve", "Runs the server (the default).");
serve.SetAction((_, _) => ServeCommand.RunAsync());
var doctor = new Command("doctor", "Checks what the server needs: ffmpeg, ports, data directory, clock.");
doctor.SetAction((_, _) => DoctorCommand.RunAsync());
var root = new RootCommand("Stream Manager: one continuous program, many destinations.") { serve, doctor };
root.SetAction((_, _) => ServeCommand.RunAsync());
return await root.Parse(args).InvokeAsync();
