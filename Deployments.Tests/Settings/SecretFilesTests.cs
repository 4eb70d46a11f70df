using System.Reflection;
using System.Text;
using Deployments.Tests.Support;
using Deployments.Web.Settings;
using Microsoft.Extensions.Configuration;

namespace Deployments.Tests.Settings;

/// <summary>Every setting may be in a file, so that no secret need be in the environment.</summary>
public sealed class SecretFilesTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("deployments-test-").FullName;

    // With one of each of which there can be several.
    static IReadOnlyCollection<string> Known { get; } =
        SettingsCheck.KeysOf(With(("Deployments:Oidc:corp:Title", "x")));

    public static TheoryData<string> Keys =>
        [.. Known, "Kestrel:Certificates:Default:Password", "Kestrel:Endpoints:A:Certificate:Password"];

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void The_list_of_them_is_whole()
    {
        var names = typeof(DeploymentsSettings).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .SelectMany(property => property.PropertyType.Namespace == typeof(DeploymentsSettings).Namespace
                ? Inner(property.Name, property.PropertyType)
                : SettingsCheck.NamedTypeOrNull(property.PropertyType) is { } named
                    ? Inner($"{property.Name}:corp", named)
                    : [$"Deployments:{property.Name}"]);
        Assert.Equal(names.Append("ConnectionStrings:Deployments").Order(), Known.Order());
    }

    static IEnumerable<string> Inner(string name, Type section) =>
        section.GetProperties().Where(inner => inner.CanWrite).Select(inner => $"Deployments:{name}:{inner.Name}");

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_value_comes_from_its_file_without_the_end_of_its_line(string key)
    {
        foreach (var end in new[] { "", "\n", "\r\n" })
        {
            var file = Write("a b\nc" + end);
            var configuration = With((key.ToUpperInvariant() + ":File", file));
            Assert.Empty(SecretFiles.Add(configuration, Known));
            Assert.Equal("a b\nc", configuration[key]);
            Assert.Empty(SettingsCheck.Unknown(configuration));
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void What_is_wrong_with_a_file_is_told_in_a_sentence_without_what_is_in_it(string key)
    {
        var variable = key.Replace(":", "__", StringComparison.Ordinal) + "__File";
        var missing = Path.Combine(directory, "missing");
        var large = Write(new string('x', SecretFiles.BytesMax + 1));
        var binary = Path.Combine(directory, "binary");
        File.WriteAllBytes(binary, [0xff, 0xfe, 0x80]);
        Refuses(missing, "there is no such file.");
        Refuses("", "it must name a file.");
        Refuses(directory, "it must be a file that this program may read.");
        Refuses(large, $"a file with a setting may have at most {SecretFiles.BytesMax} bytes.");
        Refuses("/dev/zero", $"a file with a setting may have at most {SecretFiles.BytesMax} bytes.");
        Refuses(binary, "it must be a file with text in UTF-8.");

        var both = SecretFiles.Add(With((key, "x"), (key + ":File", Write("secret"))), Known);
        Assert.Equal($"{variable[..^6]} and {variable} are both given; leave one of them out.", Assert.Single(both));

        void Refuses(string path, string why)
        {
            var configuration = With((key + ":File", path));
            Assert.Equal(
                $"{variable} is '{path}'; {why}", Assert.Single(SecretFiles.Add(configuration, Known)));
            Assert.Null(configuration[key]);
        }
    }

    [Fact]
    public void A_file_of_the_largest_length_is_read_and_one_that_is_empty_is_an_empty_value()
    {
        var configuration = With(
            ("ConnectionStrings:Deployments:File", Write(new string('x', SecretFiles.BytesMax))),
            ("Deployments:Smtp:Password:File", Write("\n")));
        Assert.Empty(SecretFiles.Add(configuration, Known));
        Assert.Equal(SecretFiles.BytesMax, configuration["ConnectionStrings:Deployments"]!.Length);
        Assert.Equal("Deployments__Smtp__Password is empty; give it a value, or leave it out.",
            Assert.Single(SettingsCheck.Problems(configuration)));
    }

    [Fact]
    public void A_name_that_is_none_of_ours_is_warned_of_and_not_read()
    {
        var configuration = With(("Deployments:Colour:File", Write("red")), ("Other:Password:File", Write("x")));
        Assert.Empty(SecretFiles.Add(configuration, Known));
        Assert.Null(configuration["Other:Password"]);
        Assert.StartsWith("There is no setting Deployments__Colour__File",
            Assert.Single(SettingsCheck.Unknown(configuration)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_starts_with_secrets_from_files_and_says_where_they_came_from()
    {
        await using var database = await TestDatabase.CreateAsync();
        var key = Write("a-key-from-a-file\n");
        var app = await Web.Program.BuildAsync(
        [
            "--urls=http://127.0.0.1:0", "--Deployments:DataDirectory=" + Path.Combine(directory, "data"),
            "--Logging:LogLevel:Default=None",
            "--ConnectionStrings:Deployments:File=" + Write(database.ConnectionString + "\n"),
            "--Deployments:Bootstrap:ApiKey:File=" + key,
            "--Deployments:Bootstrap:AdminPassword:File=" + Write("correct horse"),
        ]);
        await using (app)
        {
            var services = (IServiceProvider)app.Services;
            var settings = (DeploymentsSettings)services.GetService(typeof(DeploymentsSettings))!;
            Assert.Equal(("a-key-from-a-file", "correct horse"),
                (settings.Bootstrap.ApiKey, settings.Bootstrap.AdminPassword));
            var shown = (SettingsInForce)services.GetService(typeof(SettingsInForce))!;
            var row = Assert.Single(shown.All, setting => setting.Name == "Deployments__Bootstrap__ApiKey");
            Assert.Equal(("set, not shown", $"the file {key}"), (row.Value, row.Origin));
        }
    }

    [Theory]
    [InlineData("--ConnectionStrings:Deployments:File=/nowhere/secret",
        "ConnectionStrings__Deployments__File is '/nowhere/secret'; there is no such file.")]
    [InlineData("--Deployments:MetricsKey:File=/dev/null",
        "Deployments__MetricsKey is empty; give it a value, or leave it out.")]
    public async Task The_program_refuses_to_start_in_one_sentence(string argument, string sentence)
    {
        var (exitCode, _, errors) = await ServerProcess.RunToEndAsync(null, argument);
        Assert.Equal(1, exitCode);
        Assert.Equal(sentence, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    string Write(string text)
    {
        var path = Path.Combine(directory, Guid.NewGuid().ToString("n"));
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    static ConfigurationManager With(params (string Key, string? Value)[] values)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)));
        return configuration;
    }
}
