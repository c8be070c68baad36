using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using StreamManager.Benchmarks;

// dotnet run -c Release --project bench/StreamManager.Benchmarks -- --filter '*Chunk*'
// dotnet run -c Release --project bench/StreamManager.Benchmarks -- storage …    (bench/storage.sh)
if (args is ["storage", ..])
    return await StorageLoad.RunAsync(args);

// In this process: the job needs no second build, which would need the package sources again.
var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)).AddColumn(new ThroughputColumn());
BenchmarkSwitcher.FromAssembly(typeof(KeyBenchmarks).Assembly).Run(args, config);
return 0;
