using System.Runtime.Versioning;

// The server is tested where it runs; file modes are part of that.
[assembly: SupportedOSPlatform("linux")]
