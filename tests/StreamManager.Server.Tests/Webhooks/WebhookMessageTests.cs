using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamManager.Server.Events;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Tests.Webhooks;

public sealed class WebhookMessageTests
{
    private static readonly DateTimeOffset Time = new(2030, 1, 1, 13, 0, 0, 500, TimeSpan.FromHours(1));

    [Fact]
    public void Write_AnEvent_HasTypeTimeAndData()
    {
        var happened = new ServerEvent("evt_1", "destination.live", Time, "main", "user:anna", new JsonObject { ["name"] = "Twitch ä", ["nothing"] = null, ["channelId"] = "other" });
        Assert.Equal(
            """{"type":"destination.live","timestamp":"2030-01-01T12:00:00.500Z","data":{"channelId":"main","actor":"user:anna","name":"Twitch ä","nothing":null}}""",
            Encoding.UTF8.GetString(WebhookMessage.Write(happened)));
    }

    [Theory]
    [InlineData(19_000, false)]
    [InlineData(20_000, true)]
    [InlineData(400_000, true)]
    public void Write_AnEventOfAnySize_IsBelowTwentyKilobytes(int size, bool isCut)
    {
        var body = WebhookMessage.Write(new ServerEvent("evt_1", "program.onAir", Time, "main", null, new JsonObject { ["text"] = new string('x', size) }));
        Assert.InRange(body.Length, 1, 20_000);
        var data = JsonDocument.Parse(body).RootElement.GetProperty("data");
        Assert.Equal(isCut, data.TryGetProperty("truncated", out _));
        Assert.Equal("main", data.GetProperty("channelId").GetString());
    }

    [Theory]
    [InlineData("*", "program.onAir", true)]
    [InlineData("*", "audit.user.created", false)]
    [InlineData("audit.*", "audit.user.created", true)]
    [InlineData("program.*", "program.onAir", true)]
    [InlineData("program.*", "programs.onAir", false)]
    [InlineData("program.*", "program", false)]
    [InlineData("program.onAir", "program.onAir", true)]
    [InlineData("program.onAir", "program.onAirAgain", false)]
    [InlineData("program.onAir", "Program.onAir", false)]
    public void Pattern_MatchesTypesAndBeginnings(string pattern, string type, bool matches) => Assert.Equal(matches, EventPattern.Matches([pattern], type));

    [Theory]
    [InlineData("*", true)]
    [InlineData("program.*", true)]
    [InlineData("program.onAir", true)]
    [InlineData("a.b.c_1.*", true)]
    [InlineData("", false)]
    [InlineData(".*", false)]
    [InlineData("program*", false)]
    [InlineData("*.onAir", false)]
    [InlineData("program..onAir", false)]
    [InlineData("program.", false)]
    [InlineData("program onAir", false)]
    [InlineData("prögram", false)]
    public void Pattern_OfAnotherForm_IsRefused(string pattern, bool isGood) => Assert.Equal(isGood, EventPattern.Type.Parse(pattern, out _));

    [Theory]
    [InlineData("webhook.lost", false)]
    [InlineData("webhook.test", false)]
    [InlineData("audit.webhook.created", false)]
    [InlineData("webhook.disabled", true)]
    [InlineData("program.onAir", true)]
    public void EventsAboutWebhooks_AreNotTold_ButThatOneIsOff(string type, bool isTold) =>
        Assert.Equal(isTold, EventPattern.MayBeTold(new ServerEvent("evt_1", type, Time, null, null, [])));

    [Theory]
    [InlineData("""{"id":"evt_1","type":"program.onAir","time":"2030-01-01T12:00:00.000Z","channel":"main","actor":null,"data":{"a":1}}""", true)]
    [InlineData("""{"id":"evt 1","type":"program.onAir","time":"2030-01-01T12:00:00.000Z","channel":"main","actor":null,"data":{}}""", false)]
    [InlineData("""{"id":"evt_1","type":"program.onAir","time":"yesterday","data":{}}""", false)]
    [InlineData("""{"id":1,"type":"program.onAir","time":"2030-01-01T12:00:00.000Z","data":{}}""", false)]
    [InlineData("""{"id":"evt_1","id":"evt_2","type":"t","time":"2030-01-01T12:00:00.000Z","data":{}}""", false)]
    [InlineData("""{"id":"evt_1","type":"t","time":"2030-01-01T12:00:00.000Z","data":[]}""", false)]
    [InlineData("[]", false)]
    [InlineData("nonsense", false)]
    [InlineData("", false)]
    public void JournalEntry_ThatIsNoEvent_IsLeftOut(string body, bool isEvent) => Assert.Equal(isEvent, WebhookHistory.Read(Encoding.UTF8.GetBytes(body)) is not null);
}
