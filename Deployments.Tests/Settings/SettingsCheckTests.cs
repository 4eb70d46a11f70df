using Deployments.Tests.Support;
using Deployments.Web.Settings;
using Microsoft.Extensions.Configuration;

namespace Deployments.Tests.Settings;

/// <summary>A setting that is wrong says so in one sentence: which, what it is, what is allowed.</summary>
public sealed class SettingsCheckTests
{
    [Theory]
    [InlineData("Deployments:AnonymousView", "", "Deployments__AnonymousView is empty; it must be true or false.")]
    [InlineData("Deployments:AnonymousView", "maybe",
        "Deployments__AnonymousView is 'maybe'; it must be true or false.")]
    [InlineData("Deployments:Smtp:Port", "x", "Deployments__Smtp__Port is 'x'; it must be a whole number.")]
    [InlineData("Deployments:UploadBytesMax", "4 GB",
        "Deployments__UploadBytesMax is '4 GB'; it must be a whole number.")]
    [InlineData("Deployments:PublicUrl", "here",
        "Deployments__PublicUrl is 'here'; it must be an address such as https://deployments.example.com/.")]
    [InlineData("Deployments:DataDirectory", " ",
        "Deployments__DataDirectory is empty; give it a value, or leave it out.")]
    [InlineData("Deployments:Bootstrap:ApiKey", "",
        "Deployments__Bootstrap__ApiKey is empty; give it a value, or leave it out.")]
    [InlineData("Deployments:KnownProxies", "proxy.example.com",
        "Deployments__KnownProxies is 'proxy.example.com'; it must be addresses or networks such as 10.0.0.5, 10.1.0")]
    [InlineData("Deployments:KnownProxies", "10.0.0.5, 10.0.0.0/40",
        "Deployments__KnownProxies is '10.0.0.5, 10.0.0.0/40'; it must be addresses or networks")]
    [InlineData("Deployments:KnownProxies", "1", "Deployments__KnownProxies is '1'; it must be addresses or networks")]
    [InlineData("FORWARDEDHEADERS_ENABLED", "True", "ASPNETCORE_FORWARDEDHEADERS_ENABLED is 'true'; name the proxies")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317",
        "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317'; it must be an address such as http://127.0.0.1:4317.")]
    [InlineData("urls", "ftp://x",
        "ASPNETCORE_URLS is 'ftp://x'; it must be an address such as http://127.0.0.1:8624.")]
    [InlineData("Logging:LogLevel:Default", "loud", "Logging__LogLevel__Default is 'loud'; it must be Trace, ")]
    public void A_value_that_is_none_of_its_kind_is_told(string key, string value, string sentence) =>
        Assert.StartsWith(sentence, Assert.Single(SettingsCheck.Problems(With(key, value))), StringComparison.Ordinal);

    [Theory]
    [InlineData("Deployments:AnonymousView", "True")]
    [InlineData("Deployments:Smtp:Port", "25")]
    [InlineData("Deployments:KnownProxies", "10.0.0.5,10.1.0.0/16; fd00::/8 ::1")]
    [InlineData("Deployments:PublicUrl", "https://deployments.example.com/")]
    [InlineData("urls", "http://*:80;https://[::1]:443")]
    [InlineData("Logging:LogLevel:Default", "information")]
    public void A_value_as_it_should_be_is_not(string key, string value)
    {
        Assert.Empty(SettingsCheck.Problems(With(key, value)));
        Assert.Empty(SettingsCheck.Unknown(With(key, value)));
    }

    [Theory]
    [InlineData("Deployments:AnonymusView",
        "There is no setting Deployments__AnonymusView; did you mean Deployments__AnonymousView?")]
    [InlineData("Deployments:smtp:hots",
        "There is no setting Deployments__smtp__hots; did you mean Deployments__Smtp__Host?")]
    [InlineData("Deployments:Colour", "There is no setting Deployments__Colour.")]
    public void A_name_that_does_not_exist_is_warned_of_with_the_nearest(string key, string warning) =>
        Assert.Equal(warning, Assert.Single(SettingsCheck.Unknown(With(key, "true"))));

    [Theory]
    [InlineData("--Deployments:AnonymousView=maybe",
        "Deployments__AnonymousView is 'maybe'; it must be true or false.")]
    [InlineData("--Deployments:UploadBytesMax=0",
        "Deployments__UploadBytesMax is '0'; it must be a number of bytes, from 1 to 1125899906842624.")]
    [InlineData("--Deployments:PublicUrl=ftp://x/",
        "Deployments__PublicUrl is 'ftp://x/'; it must be an http or https address.")]
    [InlineData("--Deployments:Bootstrap:AdminPassword=geheim",
        "Deployments__Bootstrap__AdminPassword is set, but not as it must be; it must have 8 to 200 characters.")]
    [InlineData("--ConnectionStrings:Deployments=nonsense",
        "ConnectionStrings__Deployments is no connection string of Npgsql: ")]
    public async Task The_program_refuses_to_start_in_one_sentence(string argument, string sentence)
    {
        var (exitCode, _, errors) = await ServerProcess.RunToEndAsync(
            null, ["--ConnectionStrings:Deployments=Host=/nowhere", argument]);

        Assert.Equal(1, exitCode);
        Assert.StartsWith(
            sentence, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
    }

    static IConfiguration With(string key, string value) =>
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>(key, value)]).Build();
}
