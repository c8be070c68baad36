using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using StreamManager.Server.Api;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Storage;

/// <summary>Every kind of record that the server keeps: what is none must not be read as one with nothing in it.</summary>
public sealed class DocumentKindTests
{
    /// <summary>The record of each kind, found where it is used, so that a new kind is not forgotten.</summary>
    public static TheoryData<string> Records => [.. Types().Select(type => type.FullName!).Order(StringComparer.Ordinal)];

    [Fact]
    public void Records_AreThoseOfTheServer() => Assert.InRange(Types().Count, 16, 100);

    [Theory]
    [MemberData(nameof(Records))]
    public async Task Document_WithoutItsFields_IsDamaged(string name)
    {
        var type = Types().Single(type => type.FullName == name);
        await (Task)typeof(DocumentKindTests).GetMethod(nameof(CheckAsync), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, [])!;
    }

    private static async Task CheckAsync<T>()
        where T : notnull
    {
        using var folder = new TemporaryFolder();
        await using var state = await TestStore.OpenAsync(folder);
        var documents = new DocumentSet<T>(state.Store, "kind", (JsonTypeInfo<T>)JsonOf(typeof(T)));
        foreach (var body in new[] { "{}", "null", "[]", "0", "", "{", """{ "unknown": 1 }""" })
        {
            await state.Store.WriteAsync([new StateWrite.Put("kind", "it", Encoding.UTF8.GetBytes(body))], TestContext.Current.CancellationToken);
            var damage = await Assert.ThrowsAsync<DamagedDocumentException>(async () => await documents.GetAsync("it", TestContext.Current.CancellationToken));
            Assert.Contains("kind it", damage.Message, StringComparison.Ordinal);
        }
    }

    private static ImmutableHashSet<Type> Types()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var mentioned = typeof(DocumentSet<>).Assembly.GetTypes().SelectMany(type => type.GetFields(All).Select(field => field.FieldType)
            .Concat(type.GetMethods(All).Select(method => method.ReturnType)));
        return [.. mentioned
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(DocumentSet<>))
            .Select(type => type.GenericTypeArguments[0])
            .Where(type => !type.IsGenericParameter)];
    }

    /// <summary>How the server writes it: by the one context that knows the record and is not the API's, which may tell it as it is, or the export's, which writes it inside of another.</summary>
    private static JsonTypeInfo JsonOf(Type record) => Assert.Single(typeof(DocumentSet<>).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(JsonSerializerContext)) && type != typeof(ApiJson)
            && type.GetCustomAttributesData().Any(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute) && (Type)attribute.ConstructorArguments[0].Value! == record))
        .Select(type => ((JsonSerializerContext)type.GetProperty("Default")!.GetValue(null)!).GetTypeInfo(record)!));
}
