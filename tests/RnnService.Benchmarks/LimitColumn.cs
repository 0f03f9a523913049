using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace RnnService.Benchmarks;

/// <summary>Benchmarks of something that the machine cannot do in less than a known time.</summary>
internal interface ILimited
{
    /// <summary>Seconds with the parameters that are set.</summary>
    double Least(Limits limits);
}

/// <summary>A column with the least time that the machine allows.</summary>
internal sealed class LimitColumn : IColumn
{
    private readonly Limits _limits = new();

    public string Id => ColumnName;

    public string ColumnName => "Least";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Time;

    public string Legend => "Least time by this machine's multiply-adds and reading, measured";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        object benchmarks = Activator.CreateInstance(benchmarkCase.Descriptor.Type)!;
        foreach (var parameter in benchmarkCase.Parameters.Items)
            benchmarkCase.Descriptor.Type.GetProperty(parameter.Name)!.SetValue(benchmarks, parameter.Value);
        return (((ILimited)benchmarks).Least(_limits) * 1e6).ToString("F2", CultureInfo.InvariantCulture) + " μs";
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    /// <summary>The configuration that shows it.</summary>
    internal sealed class Shown : ManualConfig
    {
        public Shown() => AddColumn(new LimitColumn());
    }
}
