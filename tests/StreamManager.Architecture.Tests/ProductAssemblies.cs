using System.Reflection;
using System.Runtime.CompilerServices;

namespace StreamManager.Architecture.Tests;

/// <summary>The compiled product, for reflection.</summary>
internal static class ProductAssemblies
{
    public static Assembly Load(string project) => Assembly.Load("StreamManager." + project);

    /// <summary>Every type that somebody wrote: without what the compiler and source generators made.</summary>
    public static IEnumerable<Type> WrittenTypes() => SourceTree.Projects.SelectMany(project => Load(project).GetTypes()).Where(type =>
        !type.Name.Contains('<', StringComparison.Ordinal)
        && type.DeclaringType?.Name.Contains('<', StringComparison.Ordinal) != true
        && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && !type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), inherit: false)
        && type.Namespace?.StartsWith("StreamManager.", StringComparison.Ordinal) == true);
}
