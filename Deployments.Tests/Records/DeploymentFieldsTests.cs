using Deployments.Tests.Support;
using Deployments.Web.Records;

namespace Deployments.Tests.Records;

public sealed class DeploymentFieldsTests
{
    static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly DeploymentFields Valid = new()
    {
        Application = "BuildMaster",
        Description = "Release 7",
        Target = "WEB-07"
    };

    public static TheoryData<DeploymentFields, string> Refused => new()
    {
        { Valid with { Application = null }, "Application is missing" },
        { Valid with { Application = "  " }, "Application is blank" },
        { Valid with { Description = null }, "Description is missing" },
        { Valid with { Target = null }, "Target is missing" },
        { Valid with { Target = "" }, "Target is blank" },
        { Valid with { Target = new string('x', 201) }, "Target is longer than 200 characters" },
        { Valid with { UserName = new string('x', 201) }, "UserName is longer than 200 characters" },
        { Valid with { Description = new string('x', 2001) }, "Description is longer than 2000 characters" },
        { Valid with { Application = "a\u0007b" }, "Application has control characters" },
        { Valid with { Description = "a\nb" }, "Description has control characters" },
        { Valid with { Target = "a\u0085b" }, "Target has control characters" },
        { Valid with { Target = "a\ud800b" }, "Target has control characters" },
        { Valid with { Url = "javascript:alert(1)" }, "Url must be an absolute http or https URL" },
        { Valid with { Url = "/builds/7" }, "Url must be an absolute http or https URL" },
        { Valid with { Url = "ftp://files/7" }, "Url must be an absolute http or https URL" },
        { Valid with { Url = "https://ci/" + new string('x', 2000) }, "Url is longer than 2000 characters" },
        { Valid with { Date = "yesterday" }, "Date is not an ISO 8601 date such as 2026-01-31T08:15:00Z" },
        { Valid with { Date = "31/01/2026" }, "Date is not an ISO 8601 date such as 2026-01-31T08:15:00Z" },
        { Valid with { Date = "2026-02-30" }, "Date is not an ISO 8601 date such as 2026-01-31T08:15:00Z" },
        { Valid with { Date = "2026-03-01T12:05:01Z" }, "Date is more than 5 minutes in the future" },
        { Valid with { Date = "0001-01-01" }, "Date is before 1990-01-01" },
        { Valid with { Date = "1989-12-31T23:59:59Z" }, "Date is before 1990-01-01" },
    };

    public static TheoryData<DeploymentFields> Accepted => new()
    {
        Valid,
        Valid with { Description = "" },
        Valid with { Target = new string('x', 200) },
        Valid with { Target = string.Concat(Enumerable.Repeat("🚀", 200)) },
        Valid with { Description = new string('x', 2000) },
        Valid with { Url = "HTTPS://ci.example/7?a=b#c" },
        Valid with { Url = " " },
        Valid with { Date = "1990-01-01" },
        Valid with { Date = "2026-03-01T12:05:00Z" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_a_record_may_not_say_is_refused_by_name(DeploymentFields fields, string problem)
    {
        var result = new DeploymentFieldsValidator(new Clock(Now)).Validate(fields.Trimmed());

        var error = Assert.Single(result.Errors);
        Assert.Equal(problem, $"{error.PropertyName} {error.ErrorMessage}");
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void What_a_record_may_say_is_accepted(DeploymentFields fields) =>
        Assert.Empty(new DeploymentFieldsValidator(new Clock(Now)).Validate(fields.Trimmed()).Errors);

    [Theory]
    [InlineData("2026-01-31T08:15:00Z", "2026-01-31T08:15:00.0000000+00:00")]
    [InlineData("2026-01-31T08:15:00", "2026-01-31T08:15:00.0000000+00:00")]
    [InlineData("2026-01-31T08:15:00+02:00", "2026-01-31T06:15:00.0000000+00:00")]
    [InlineData("2026-01-31T08:15", "2026-01-31T08:15:00.0000000+00:00")]
    [InlineData("2026-01-31", "2026-01-31T00:00:00.0000000+00:00")]
    [InlineData("2026-01-31T08:15:00.123456789Z", "2026-01-31T08:15:00.1234560+00:00")]
    [InlineData("20260131T081500Z", "2026-01-31T08:15:00.0000000+00:00")]
    [InlineData("2026-01-31 08:15:00Z", "2026-01-31T08:15:00.0000000+00:00")]
    public void Dates_are_UTC_where_they_name_no_offset(string date, string expected) =>
        Assert.Equal(expected, (Valid with { Date = date }).DeployedAt?.ToString("O"));
}
