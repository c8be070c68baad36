using System.Text;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1_614_265_330);

    /// <summary>The test vector of Standard Webhooks.</summary>
    [Fact]
    public void Sign_TheVectorOfTheSpecification_IsItsSignature() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSignature.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", Time, "{\"test\": 2432232314}"u8, [Secret]));

    [Fact]
    public void Sign_WithTwoSecrets_IsAListInTheirOrder()
    {
        var other = WebhookSignature.NewSecret();
        var parts = WebhookSignature.Sign("evt_1", Time, "{}"u8, [other, Secret]).Split(' ');
        Assert.Equal([WebhookSignature.Sign("evt_1", Time, "{}"u8, [other]), WebhookSignature.Sign("evt_1", Time, "{}"u8, [Secret])], parts);
        Assert.NotEqual(parts[0], parts[1]);
    }

    [Fact]
    public void NewSecret_IsLongAndNeverTheSame()
    {
        var secret = WebhookSignature.NewSecret();
        Assert.NotEqual(secret, WebhookSignature.NewSecret());
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.InRange(Convert.FromBase64String(secret["whsec_".Length..]).Length, 24, 64);
    }

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_not base64")]
    public void Sign_WithASecretOfAnotherForm_Throws(string secret) =>
        Assert.Throws<FormatException>(() => WebhookSignature.Sign("evt_1", Time, Encoding.UTF8.GetBytes("{}"), [secret]));

    [Fact]
    public void Rotated_KeepsOldSecretsForTheOverlapAndNotMoreThanAFew()
    {
        var webhook = new WebhookDefinition { Id = "wh_1", Url = "https://example.org/", CreatedAt = Time, Secrets = [new WebhookSecret("whsec_YQ==", null)] };
        var second = webhook.Rotated("whsec_Yg==", Time, Time.AddHours(1));
        Assert.Equal(["whsec_Yg==", "whsec_YQ=="], second.SecretsAt(Time));
        Assert.Equal(["whsec_Yg=="], second.SecretsAt(Time.AddHours(1)));

        // A later rotation does not make an old secret live longer, and none lives with an overlap of nothing.
        var third = second.Rotated("whsec_Yw==", Time.AddMinutes(30), Time.AddHours(9));
        Assert.Equal(["whsec_Yw==", "whsec_Yg=="], third.SecretsAt(Time.AddHours(2)));
        Assert.Equal(3, third.Secrets.Length);
        Assert.Equal(3, third.Rotated("whsec_ZA==", Time.AddMinutes(40), Time.AddHours(9)).Secrets.Length);
        Assert.Equal(["whsec_ZA=="], third.Rotated("whsec_ZA==", Time, Time).SecretsAt(Time));
        Assert.DoesNotContain("whsec", third.ToString() + third.Secrets[0], StringComparison.Ordinal);
    }
}
